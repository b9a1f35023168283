"""What a probe found, in the response cache: by host, model and extra_body, for all who ask.

What is learnt later, as a parameter is refused in the midst of a run, is a revision of it.
"""

from dataclasses import asdict, fields
from typing import Any

from stages.models.hosted.abilities import Abilities
from stages.models.hosted.ask.orders import BACKEND, WIRE
from stages.models.hosted.hosted import Hosted
from stages.storage.response_cache import AnswerKey, ResponseCache

PROBE = 1  # raised by hand when a probe finds more than before
REVISIONS = 32  # more than there is to learn


def kept_key(hosted: Hosted, revision: int) -> AnswerKey:
    """Under which what is known of a model is kept."""
    host = hosted.host
    shared = {"backend": BACKEND, "model": host.model, "host": host.host, "wire": WIRE}
    own = {"probe": PROBE, "extra_body": hosted.chat.extra_body, "revision": revision}
    return AnswerKey(hosted.name, ("abilities", revision), shared, own)


def recall(hosted: Hosted, cache: ResponseCache) -> bool:
    """Take over what is known of the model; False where nothing is."""
    kept, _ = _latest(hosted, cache)
    for name, value in kept.items():
        setattr(hosted.abilities, name, set(value) if name == "tried" else value)
    return bool(kept)


def keep(hosted: Hosted, cache: ResponseCache) -> None:
    """Keep what is known of the model, where a probe has begun to find it out."""
    known, (kept, revision) = _told(hosted.abilities), _latest(hosted, cache)
    if hosted.abilities.probed and known != kept and revision < REVISIONS:
        cache.put([(kept_key(hosted, revision), {"abilities": known})])


def _latest(hosted: Hosted, cache: ResponseCache) -> tuple[dict[str, Any], int]:
    """The last revision, nothing where there is none, and the number of the next one."""
    keys = [kept_key(hosted, revision) for revision in range(REVISIONS)]
    kept = cache.get(keys, expected=False)
    there = [revision for revision, key in enumerate(keys) if key.content in kept]
    if not there:
        return {}, 0
    told = kept[keys[there[-1]].content].get("abilities")
    named = {one.name for one in fields(Abilities)}
    sound = isinstance(told, dict) and told.keys() == named
    return (told if isinstance(told, dict) and sound else {}), there[-1] + 1


def _told(can: Abilities) -> dict[str, Any]:
    return asdict(can) | {"tried": sorted(can.tried)}
