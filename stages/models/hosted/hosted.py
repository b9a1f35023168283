"""A hosted model that is asked: where, how, and what of it is known."""

from dataclasses import dataclass, field
from typing import Protocol

from stages.models.hosted.abilities import Abilities
from stages.models.hosted.ask.limiter import Limiter
from stages.models.hosted.identity import Host
from stages.models.hosted.section import HostedChat
from stages.models.questions import Meter

TIMEOUT = 600.0  # seconds without a byte; models that think are silent for minutes


class Purse(Protocol):
    """Out of which requests are paid."""

    def reserve(self, prompt_tokens: int, answer_tokens: int) -> str | None:
        """The name by which a request of so many tokens at most is settled.

        None where it fits the limits only once others are settled. StudyError where it never does.
        """
        ...

    def settle(self, name: str, prompt: int, cached: int, answer: int, estimated: bool) -> None:
        """Note what a request took."""
        ...

    def release(self, name: str) -> None:
        """Forget a request that was surely not paid for."""
        ...

    def cost(self, meter: Meter) -> float | None:
        """US dollars of an answer, None where no price is told."""
        ...


@dataclass
class Hosted:
    """A model of a server, and how it is asked.

    `stop` are texts that end an answer. With `strips` a thought is taken off that no mark opened.
    """

    host: Host
    stop: tuple[str, ...] = ()
    strips: bool = False
    chat: HostedChat = field(default_factory=HostedChat)
    purse: Purse | None = None
    abilities: Abilities = field(default_factory=Abilities)
    limiter: Limiter = field(default_factory=Limiter)
    timeout: float = TIMEOUT

    @property
    def name(self) -> str:
        return self.host.name
