"""Paying: tokens are set aside before a request is sent, and settled by what it really took."""

import asyncio
from collections.abc import Mapping

from stages.models.hosted.ask.orders import Order
from stages.models.hosted.ask.replies import Reply
from stages.models.hosted.failures import Again, Failure
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.money import Tokens, estimated_tokens, most_tokens
from stages.models.hosted.purse import tokens

CHECK = 0.05  # seconds between looks whether others have settled


class Payment:
    """Of one request; nothing happens where no purse is told."""

    def __init__(self, hosted: Hosted, order: Order) -> None:
        self.purse, self.order, self.name = hosted.purse, order, ""
        self.most = len(order.keys) * (order.decoding.max_tokens + hosted.chat.thinking_tokens)

    async def reserve(self) -> None:
        """Wait until the request fits the limits; StudyError where it never does."""
        if self.purse is None:
            return
        prompt = most_tokens(self.order.messages)
        while (name := self.purse.reserve(prompt, self.most)) is None:
            await asyncio.sleep(CHECK)
        self.name = name

    def settle(self, found: Mapping[int, Reply] | Failure) -> None:
        """What was made is paid for, lost or not; what was refused is not."""
        if self.purse is None:
            return
        if isinstance(found, Mapping):
            meters = [reply.meter for reply in found.values()]
            paid = sum(map(tokens, meters), Tokens())
            self.purse.settle(self.name, paid, estimated=any(m.estimated for m in meters))
        elif isinstance(found, Again) and found.made:
            most = Tokens(prompt=prompt_tokens(self.order), answer=self.most)
            self.purse.settle(self.name, most, estimated=True)
        else:
            self.purse.release(self.name)


def prompt_tokens(order: Order) -> int:
    """About how many tokens its conversation has."""
    return estimated_tokens(order.messages)
