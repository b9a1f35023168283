"""How many requests may be in flight: as many as the server bears, found out by asking."""

import asyncio
from collections import deque

START = 20
MOST = 256  # connections at once
PAUSE = 1.0  # seconds without a new request after a refusal
KEPT = 0.8  # of the limit, after a refusal


class Limiter:
    """One for a key and a model.

    The limit is doubled after each clean round, as many answers as it has places, until a first
    request is refused for being one too many; then it falls to 0.8 of itself, with a pause, and
    grows by one a clean round. It grows only where all places were taken. Nothing but such a
    refusal (429) lowers it: a server in trouble (5xx) answers no sooner for being asked less.
    """

    def __init__(self, start: int = START, most: int = MOST, pause: float = PAUSE) -> None:
        self.limit, self.most, self.pause = min(start, most), most, pause
        self.in_flight = 0
        self.round = 0  # raised with each refusal that counts
        self.clean = 0  # answers since the limit last changed
        self.saturated = False
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.resumes = 0.0  # when the pause ends, by the clock of the loop

    async def take(self) -> int:
        """Wait for a place; what is given back with it."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self.waiting.append(turn)
        if loop.time() < self.resumes:  # it may have begun in a loop that is no more
            loop.call_at(self.resumes, self._resume, self.resumes)
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.give(self.round)
            raise
        return self.round

    def give(self, taken: int, *, answered: bool = False, refused: bool = False) -> None:
        """Give a place back, and say whether its request was answered, or one too many.

        Of all requests that were on the way when one was refused, one counts.
        """
        self.in_flight -= 1
        if refused and taken == self.round:
            self.round += 1
            self.clean, self.saturated = 0, False
            self.limit = max(1, int(self.limit * KEPT))
            loop = asyncio.get_running_loop()
            self.resumes = loop.time() + self.pause
            loop.call_at(self.resumes, self._resume, self.resumes)
        elif answered:
            self.clean += 1
            if self.clean >= self.limit:
                if self.saturated:
                    grown = self.limit + 1 if self.round else self.limit * 2
                    self.limit = min(grown, self.most)
                self.clean, self.saturated = 0, False
        self._wake()

    def _resume(self, paused_until: float) -> None:
        """End a pause, unless a later refusal has made it longer."""
        if paused_until == self.resumes:
            self.resumes = 0.0
            self._wake()

    def _wake(self) -> None:
        """Hand free places to those that wait, unless there is a pause."""
        if asyncio.get_running_loop().time() < self.resumes:
            return
        while self.waiting and self.in_flight < self.limit:
            turn = self.waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                self.saturated |= self.in_flight >= self.limit
                turn.set_result(None)
