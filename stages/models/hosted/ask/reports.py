"""What is said of answers when they are had: which are lacking, and what looks odd of others."""

import logging
from collections.abc import Mapping, Sequence

from stages.models.hosted.ask.orders import Placed
from stages.models.hosted.failures import Fails
from stages.models.questions import Answer, Key

NAMED = 5  # questions without an answer that a line names
ALIKE = 3  # conversations of which all samples are the same, and none whose are not
log = logging.getLogger(__name__)


def report(
    label: str, places: Sequence[Placed], found: Mapping[Key, Answer], whys: Mapping[str, Fails]
) -> None:
    """Lines about answers that cannot be had, nearly tied ones, a model that changed.

    And about one that may not draw: some servers are greedy in silence, whatever the temperature.
    """
    failed = [
        f"{' '.join(map(str, place.question.key))} ({failure.why})"
        for place in places
        if (failure := whys.get(place.key.content)) is not None
    ]
    if failed:
        more = f", and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        log.warning(
            f"{label}: {len(failed)} of {len(places)} questions have no answer: "
            f"{'; '.join(failed[:NAMED])}{more}; the same command asks them again"
        )
    if ties := sum(one.near_tie for one in found.values()):
        log.warning(f"{label}: {ties} answers hang on two tokens within 1e-4 of each other")
    prints = {one.meter.system_fingerprint for one in found.values() if one.meter} - {None}
    if len(prints) > 1:
        named = ", ".join(sorted(map(str, prints)))
        log.warning(f"{label}: the server's system_fingerprint changed: {named}")
    drawn: dict[str, list[str]] = {}
    for place in places:
        if place.seed is not None and place.key.content not in whys:
            said = f"{place.question.group} {place.question.messages}"
            drawn.setdefault(said, []).append(found[place.question.key].text)
    several = [set(texts) for texts in drawn.values() if len(texts) > 1]
    if len(several) >= ALIKE and all(len(texts) == 1 for texts in several):
        log.warning(
            f"{label}: all samples of each of {len(several)} questions are the same; the server "
            "may take no notice of `temperature`"
        )
