"""Paying: tokens are set aside before a request is sent, and settled by what it really took.

What comes within moments is noted together, as each transaction costs as much as a request. A
reservation is noted before its request is sent, with all bills that were known by then: in a
killed run no more may have been paid for than the account says, and as many requests at most
are open in it as were in flight.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from uuid import uuid4

from stages.models.hosted.account import Bill, Wish
from stages.models.hosted.ask.orders import Order, answer_tokens
from stages.models.hosted.ask.replies import Reply
from stages.models.hosted.failures import Again, Failure
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.money import Tokens, estimated_tokens, most_tokens
from stages.models.hosted.purse import Purse, tokens

TOGETHER = 0.004  # seconds that a request waits for others to be noted with
CHECK = 0.05  # seconds between looks whether other processes have settled


class Payments:
    """Of all requests of a run while its `async with` lasts; nothing happens without a purse."""

    def __init__(self, hosted: Hosted) -> None:
        self.hosted, self.purse = hosted, hosted.purse
        self.bills: list[Bill] = []
        self.wishes: list[tuple[Wish, asyncio.Future[None]]] = []
        self.timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Payments:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Note what is left; StudyError where that cannot be."""
        if self.timer is not None:
            self.timer.cancel()
        if self.purse is not None and self.bills:
            self.purse.ledger.note(self.bills)

    async def reserve(self, order: Order) -> str:
        """The name by which a request is settled, once it fits the limits and that is noted.

        Raises StudyError where it never does.
        """
        if self.purse is None:
            return ""
        most = Tokens(prompt=most_tokens(order.messages), answer=answer_tokens(self.hosted, order))
        wish = Wish(uuid4().hex, most, self.purse.tariff)
        noted = asyncio.get_running_loop().create_future()
        self.wishes.append((wish, noted))
        self._soon(TOGETHER)
        await noted
        return wish.name

    def settle(self, name: str, order: Order, found: Mapping[int, Reply] | Failure) -> None:
        """What was made is paid for, lost or not; what was refused is not."""
        if self.purse is None:
            return
        bill = Bill(name, None)
        if isinstance(found, Mapping):
            meters = [reply.meter for reply in found.values()]
            paid = sum(map(tokens, meters), Tokens())
            bill = Bill(name, paid, any(meter.estimated for meter in meters))
        elif isinstance(found, Again) and found.made:
            most = Tokens(prompt=prompt_tokens(order), answer=answer_tokens(self.hosted, order))
            bill = Bill(name, found.paid or most, estimated=found.paid is None)
        self.bills.append(bill)
        self._soon(TOGETHER)

    def _soon(self, seconds: float) -> None:
        if self.timer is None and self.purse is not None:
            loop = asyncio.get_running_loop()
            self.timer = loop.call_later(seconds, self._note, self.purse)

    def _note(self, purse: Purse) -> None:
        self.timer = None
        wishes = [(wish, noted) for wish, noted in self.wishes if not noted.done()]
        found: Sequence[bool | Exception]
        try:
            found = purse.ledger.note(self.bills, [wish for wish, _ in wishes])
            self.bills = []
        except Exception as error:  # bills are left, and noted at the end at the latest
            found = [error] * len(wishes)
        self.wishes = []
        for (wish, noted), came in zip(wishes, found, strict=True):
            if isinstance(came, Exception):
                noted.set_exception(came)
            elif came:
                noted.set_result(None)
            else:
                self.wishes.append((wish, noted))
        if self.wishes:
            self._soon(CHECK)


def prompt_tokens(order: Order) -> int:
    """About how many tokens its conversation has."""
    return estimated_tokens(order.messages)
