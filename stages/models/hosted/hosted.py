"""A hosted model that is asked: where, how, and what of it is known."""

from dataclasses import dataclass, field

from stages.models.chat.hosted import HostedChat
from stages.models.hosted.abilities import Abilities
from stages.models.hosted.failures import Fails
from stages.models.hosted.identity import Host
from stages.models.hosted.limiter import Limiter
from stages.models.hosted.purse import Purse

TIMEOUT = 600.0  # seconds without a byte; models that think are silent for minutes


@dataclass
class Hosted:
    """A model of a server, and how it is asked.

    `stop` are texts that end an answer. With `strips` a thought is taken off that no mark opened.
    `batch`: it is asked in batches; `given_up` are the keys of answers that these do not give.
    """

    host: Host
    stop: tuple[str, ...] = ()
    strips: bool = False
    chat: HostedChat = field(default_factory=HostedChat)
    purse: Purse | None = None
    abilities: Abilities = field(default_factory=Abilities)
    limiter: Limiter = field(default_factory=Limiter)
    timeout: float = TIMEOUT
    batch: bool = False
    given_up: dict[str, Fails] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.host.name
