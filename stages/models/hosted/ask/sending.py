"""Sending: orders are on their way in a thread of their own, and come back as they are done.

Python hands signals to the main thread, so one ends a run at once. A request holds its place
until the main thread has kept its replies: a killed process loses at most one answer a place.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from stages.models.hosted.ask.client import Client
from stages.models.hosted.ask.orders import Order
from stages.models.hosted.ask.payment import TOGETHER, Payments
from stages.models.hosted.ask.replies import Reply
from stages.models.hosted.ask.trying import Over, Trying
from stages.models.hosted.failures import Ends, Fails
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.limiter import MOST
from stages.storage.errors import StudyError

FIRST_WAIT = 0.5  # seconds before a request is sent again
IN_A_ROW = 20  # orders that fail for good, without one that is answered, end the run
WINDOW = 2 * MOST  # orders begun, those that wait to be sent again included


@dataclass(frozen=True)
class Done:
    """Replies to an order by their place in it, or why it has none."""

    order: Order
    replies: Mapping[int, Reply]
    failure: Fails | None = None
    kept: asyncio.Event | None = None


class Sending:
    """Open while its `with` lasts; `batches` gives what is done, as it comes."""

    def __init__(self, hosted: Hosted, orders: Sequence[Order], wait: float = FIRST_WAIT) -> None:
        self.hosted, self.orders, self.wait = hosted, orders, wait
        self.done: queue.SimpleQueue[Done | BaseException | None] = queue.SimpleQueue()
        self.ended: str | None = None  # why no more is sent
        self.in_a_row = 0
        self.trying: Trying | None = None
        self.loop = asyncio.new_event_loop()
        self.task: asyncio.Task[None] | None = None
        self.cancelled = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sending:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.cancelled = True
            with suppress(RuntimeError):  # it has ended by itself
                self.loop.call_soon_threadsafe(self._cancel)
        self.thread.join()

    def batches(self) -> Iterator[list[Done]]:
        """What is done within moments; the caller keeps it and asks for more.

        Raises StudyError at the end, where the run ended early.
        """
        ended: BaseException | None = None
        going = True
        while going:
            batch: list[Done] = []
            while going and (not batch or not self.done.empty()):
                one = self._next()
                if not batch:
                    time.sleep(TOGETHER)
                if isinstance(one, Done):
                    batch.append(one)
                else:
                    going, ended = False, one
            if batch:
                yield batch
            events = [one.kept for one in batch if one.kept is not None]
            if events:
                self.loop.call_soon_threadsafe(_set, events)
        if ended is not None:
            raise ended

    def _next(self) -> Done | BaseException | None:
        """What is done next; a signal that another thread got is looked at every half second."""
        while True:
            with suppress(queue.Empty):
                return self.done.get(timeout=0.5)

    def _run(self) -> None:
        ended: BaseException | None = None
        try:
            with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                runner.run(self._all())
            if self.ended is not None:
                ended = StudyError(f"{self.hosted.name}: {self.ended}")
        except asyncio.CancelledError:
            pass
        except BaseExceptionGroup as errors:
            ended = errors.exceptions[0]
        except BaseException as error:  # which the thread that asks raises
            ended = error
        self.done.put(ended)

    def _cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    async def _all(self) -> None:
        self.task = asyncio.current_task()
        if self.cancelled:
            return
        way = Client(self.hosted.host, self.hosted.timeout)
        async with way as client, Payments(self.hosted) as payments:
            self.trying = Trying(self.hosted, client, payments, self._keep, self.wait)
            # The first goes alone: it shows what the server cannot, or that it is not there.
            for order in self.orders[:1]:
                await self._order(order, first=True)
            window = asyncio.Semaphore(WINDOW)
            async with asyncio.TaskGroup() as tasks:
                for order in self.orders[1:]:
                    await window.acquire()
                    if self.trying.over.is_set():
                        break
                    task = tasks.create_task(self._order(order))
                    task.add_done_callback(lambda _: window.release())

    async def _order(self, order: Order, *, first: bool = False) -> None:
        """An order to its end, and all that it falls into."""
        assert self.trying is not None
        try:
            found = await self.trying.replies(order)
        except Over:
            return
        except StudyError as error:  # a limit of the study
            return self._end(str(error))
        if isinstance(found, Ends):
            self._end(found.why)
        elif isinstance(found, Fails):
            self.in_a_row += 1
            self.done.put(Done(order, {}, found))
            if (first and found.unreachable) or self.in_a_row >= IN_A_ROW:
                count = "it" if first else f"{self.in_a_row} requests in a row"
                self._end(f"{self.hosted.host.url} does not answer {count}: {found.why}")
        else:
            for left in found:
                await self._order(left)

    async def _keep(self, order: Order, replies: Mapping[int, Reply]) -> None:
        self.in_a_row = 0
        kept = asyncio.Event()
        self.done.put(Done(order, replies, kept=kept))
        await kept.wait()

    def _end(self, why: str) -> None:
        """Send no more; what is on its way still comes."""
        self.ended = self.ended or why
        if self.trying is not None:
            self.trying.over.set()


def _set(events: list[asyncio.Event]) -> None:
    for event in events:
        event.set()
