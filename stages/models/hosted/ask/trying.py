"""Trying: one order until it has its replies or cannot have them. The one loop that sends again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping

from stages.models.hosted.ask.client import Client, Received
from stages.models.hosted.ask.orders import Order, body
from stages.models.hosted.ask.payment import Payments, prompt_tokens
from stages.models.hosted.ask.replies import Reply, read
from stages.models.hosted.failures import Again, Cannot, Ends, Fails, Failure
from stages.models.hosted.hosted import Hosted

TRIES = 8  # of a request that fails in a way that may pass
LIMITED_TRIES = 60  # of one that is refused for being one too many
FILTERED_TRIES = 3  # of one that a content filter stopped
LONGEST_WAIT = 60.0  # seconds that a request waits where the server does not say how long

Keep = Callable[[Order, Mapping[int, Reply]], Awaitable[None]]
"""returns once the replies are kept"""


class Over(Exception):
    """The run has ended while a request waited."""


class Trying:
    """What all requests of a run share. `wait` is in seconds, before a first request is repeated.

    `keep` is awaited while a request holds its place. `again` counts the requests that were sent
    again, `lost` those of them that may have been paid for.
    """

    def __init__(
        self, hosted: Hosted, client: Client, payments: Payments, keep: Keep, wait: float
    ) -> None:
        self.hosted, self.client, self.payments = hosted, client, payments
        self.keep, self.wait = keep, wait
        self.over = asyncio.Event()
        self.again = self.lost = 0

    async def replies(self, order: Order) -> list[Order] | Fails | Ends:
        """Orders of their own that are left of one, once the rest is kept; or why it has none.

        Raises Over where the run has ended, StudyError where a limit of the study would be passed.
        """
        tries = limited = filtered = 0
        while True:
            came, found = await self._sent(order, last=filtered + 1 >= FILTERED_TRIES)
            if not isinstance(found, Again | Cannot):
                return found
            if isinstance(found, Cannot):
                if self.hosted.abilities.cannot(found.parameter, came, self.hosted.name):
                    continue
                return Fails(found.why)
            filtered += found.filtered
            limited += found.limited
            tries += not found.limited
            if tries >= TRIES or limited >= LIMITED_TRIES:
                return Fails(found.why, unreachable=found.unreachable, passing=True)
            self.again += 1
            self.lost += found.made
            await self._pause(found.after, tries + limited)

    async def _sent(self, order: Order, *, last: bool) -> tuple[dict[str, object], _Found]:
        """The request, and what is left of the order after it, or what it failed by."""
        if len(order.keys) > 1 and not self.hosted.abilities.n:
            return {}, order.parts(range(len(order.keys)))
        limiter = self.hosted.limiter
        taken = await limiter.take()
        found: _Found = Fails("")
        try:
            if self.over.is_set():
                raise Over
            name, asked = await self.payments.reserve(order), body(self.hosted, order)
            came = await self.client.send(asked)
            if isinstance(came, Received):
                replies = read(came.content, order, prompt_tokens(order))
                self.payments.settle(name, order, replies)
                found = await self._taken(order, replies, last=last)
            else:
                self.payments.settle(name, order, came)
                found = came
        finally:
            refused = isinstance(found, Again) and found.limited
            limiter.give(taken, answered=isinstance(found, list), refused=refused)
        return asked, found

    async def _taken(self, order: Order, came: dict[int, Reply] | Again, *, last: bool) -> _Found:
        """Keep the replies of a response; what a filter stopped is kept the last time alone."""
        if isinstance(came, Again):
            return came
        replies = {
            place: reply
            for place, reply in came.items()
            if last or reply.finish_reason != "content_filter"
        }
        if not replies:
            return Again("a content filter stopped it", made=True, filtered=True)
        await self.keep(order, replies)
        if len(came) == 1 < len(order.keys):
            self.hosted.abilities.cannot("n", {}, self.hosted.name)
        return order.parts(place for place in range(len(order.keys)) if place not in replies)

    async def _pause(self, after: float | None, tries: int) -> None:
        """Wait as long as the server says, else longer each time; Over where the run ends first."""
        wait = min(self.wait * 2 ** (tries - 1), LONGEST_WAIT) * (0.75 + random.random() / 2)
        try:
            await asyncio.wait_for(self.over.wait(), wait if after is None else after)
        except TimeoutError:
            return
        raise Over


_Found = list[Order] | Failure
