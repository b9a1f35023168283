"""Asking the stand-in, as the tests of hosted models do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stages.models.hosted.ask.asking import ask
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import Host
from stages.models.hosted.limiter import Limiter
from stages.models.questions import Answer, Decoding, Key, Question
from stages.storage.response_cache import ResponseCache
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.faults import Fault, Faults
from tests.hosted.standin.server import Server

AT_ONCE = 0.001  # seconds before a request is sent again
GREEDY, DRAWN = Decoding(12), Decoding(12, 1.0)


@contextmanager
def serving(chat: Chat | None = None, *faults: Fault, **how: Any) -> Iterator[tuple[Server, Chat]]:
    """A stand-in whose first requests meet these faults, one each."""
    chat = chat or Chat()
    planned = how.pop("faults", None) or Faults(dict(enumerate(faults, 1)))
    with Server(chat.routes, faults=planned, **how) as server:
        yield server, chat


def hosted(server: Server, **how: Any) -> Hosted:
    """The model `toy` of a stand-in; what is a field of Host is the host's."""
    own = {name: how.pop(name) for name in ("api_key_env", "api_version") if name in how}
    host = Host("toy", how.pop("model", "toy"), f"{server.url}/v1", **own)
    return Hosted(host, limiter=Limiter(pause=AT_ONCE), **how)


def question(number: int, sample: int = 0, **more: Any) -> Question:
    said = [{"role": "user", "content": f"What is number {number}?"}]
    return Question((f"i{number}", sample), (f"i{number}",), said, seed=number << 40, **more)


def questions(count: int, samples: int = 1, **more: Any) -> list[Question]:
    return [question(i, n, **more) for i in range(count) for n in range(samples)]


def answers(
    model: Hosted, asked: list[Question], folder: Path, decoding: Decoding = GREEDY
) -> dict[Key, Answer]:
    """What a model answers, with a cache in `folder`."""
    with ResponseCache(folder / "answers.sqlite") as cache:
        return ask(model, asked, decoding, cache, "toy", wait=AT_ONCE)
