"""Probing: what a model's first answers show of what its server can.

Nothing is concluded from what may pass (429, 5xx, a cut connection): it is tried again as any
request is, and a probe that has no answer then ends the run.
"""

import logging
from collections.abc import Callable
from contextlib import nullcontext

from stages.models.hosted.abilities import LIMITS, OPTIONAL, Prefill
from stages.models.hosted.ask.orders import Order, longest
from stages.models.hosted.ask.replies import Reply
from stages.models.hosted.ask.sending import FIRST_WAIT, Sending
from stages.models.hosted.failures import Fails
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.probe.kept import keep, kept_key, recall
from stages.models.hosted.probe.listing import look_up
from stages.models.hosted.probe.orders import BEGUN, REST, begins, draws
from stages.storage.errors import StudyError
from stages.storage.locks import turn
from stages.storage.response_cache import ResponseCache

log = logging.getLogger(__name__)


def know(
    hosted: Hosted, cache: ResponseCache, needed: Callable[[], bool], *, wait: float = FIRST_WAIT
) -> None:
    """See to it that what the server can is known, by a probe where nobody has made one.

    Nothing is asked where it is not `needed`. `wait` is in seconds, before a request is sent
    again for the first time.
    """
    can = hosted.abilities
    if can.probed:
        return
    if not recall(hosted, cache):
        if not needed():
            return
        lock = cache.database.path.with_name(f"probe-{kept_key(hosted, 0).content[:16]}")
        with turn(lock) if cache.database.writable else nullcontext():
            if not recall(hosted, cache):  # another process may have made it meanwhile
                _probe(hosted, wait)
                keep(hosted, cache)
    if can.ends is not None:
        model = hosted.host.model
        log.warning(f"models.{hosted.name}: the server takes {model} away on {can.ends}")


def _probe(hosted: Hosted, wait: float) -> None:
    can = hosted.abilities
    replies, failure = _asked(hosted, draws(hosted), wait)
    if failure is not None and not replies and not failure.filtered:
        raise StudyError(f"{hosted.host.url} does not answer a first request: {failure.why}")
    can.ends = look_up(hosted.host, wait)  # of a server that has loaded its model by now
    spoken = [reply for reply in replies if reply.text.strip()]
    if spoken and can.logprobs and all(r.tokens is None and r.top is None for r in spoken):
        can.cannot("logprobs", {}, hosted.name)
    elif spoken and all(reply.top is None for reply in spoken):
        can.top = 0
    can.prefill, can.continues = _prefill(hosted, wait)
    can.probed = True
    named = [name for name in OPTIONAL if getattr(can, name, False) is True]
    log.info(
        f"{hosted.name}: a probe of {hosted.host.url}: it takes {', '.join([can.limit, *named])}; "
        f"of an answer that is begun comes back: {can.prefill}"
    )


def _prefill(hosted: Hosted, wait: float) -> tuple[Prefill, bool]:
    """What comes back of an answer that was begun, and whether the server has to be told."""
    can, order = hosted.abilities, begins(hosted)
    can.continues = False
    plain, failure = _asked(hosted, order, wait)
    _check_length(hosted, order, plain)
    if shown := _shown(plain):
        return shown, False
    can.continues = True
    told, other = _asked(hosted, order, wait)
    _check_length(hosted, order, told)
    if told and (shown := _shown(told) or ("rest" if _same_turn(plain, told) else None)):
        return shown, True
    can.continues = False
    passing = next((one for one in (failure, other) if one is not None and one.passing), None)
    if passing is not None and not _asked(hosted, draws(hosted), wait)[0]:
        raise StudyError(
            f"{hosted.host.url} does not answer: {passing.why}; whether it goes on with an answer "
            "that is begun is not known: give the same command again later"
        )
    return "none", False


def _shown(replies: list[Reply]) -> Prefill | None:
    """What a reply shows by its text: it has the beginning, or goes on within the word."""
    for reply in replies:
        if reply.text.startswith(BEGUN):
            return "whole"
        if reply.text.startswith(REST):
            return "rest"
    return None


def _check_length(hosted: Hosted, order: Order, replies: list[Reply]) -> None:
    """Use the other name of the limit where the server wrote on in silence, twice as long."""
    can, most = hosted.abilities, longest(hosted, order.decoding)
    if all(r.meter.estimated or r.meter.answer_tokens <= 2 * most for r in replies):
        return
    told = f"{hosted.name}: the server does not hold to {can.limit}"
    can.tried.add(can.limit)
    if left := [name for name in LIMITS if name not in can.tried]:
        can.limit = left[0]
        log.warning(f"{told}; it is asked with {can.limit}")
    else:
        log.warning(f"{told}: answers may be longer than what was asked for, and cost more")


def _same_turn(plain: list[Reply], told: list[Reply]) -> bool:
    """Whether fewer tokens were read where the server was told to go on: those of no new turn.

    This tells it of models too that say anything.
    """
    before, after = ([r.meter for r in replies] for replies in (plain, told))
    counted = bool(before and after) and not any(m.estimated for m in (*before, *after))
    return counted and 0 < after[0].prompt_tokens < before[0].prompt_tokens


def _asked(hosted: Hosted, order: Order, wait: float) -> tuple[list[Reply], Fails | None]:
    """The replies to one order, or why there is none. StudyError where no request is answered."""
    replies: list[Reply] = []
    failure = None
    with Sending(hosted, [order], wait) as sending:
        for batch in sending.batches():
            for done in batch:
                replies += done.replies.values()
                failure = failure or done.failure
    return replies, failure
