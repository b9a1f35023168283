"""Asking a hosted model many questions: what the cache lacks is sent, paid once, and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from stages.models.hosted.ask.answers import answer, no_answer
from stages.models.hosted.ask.batch.batching import Batching
from stages.models.hosted.ask.batch.journal import Journals
from stages.models.hosted.ask.closed import sampled_shares
from stages.models.hosted.ask.orders import BACKEND, Placed, orders, placed
from stages.models.hosted.ask.progress import Progress
from stages.models.hosted.ask.replies import Reply
from stages.models.hosted.ask.reports import report
from stages.models.hosted.ask.sending import FIRST_WAIT, Sending
from stages.models.hosted.errands.door import USUAL, Pace
from stages.models.hosted.failures import Fails
from stages.models.hosted.hosted import Hosted
from stages.models.questions import Answer, Decoding, Key, Meter, Question
from stages.storage.response_cache import ResponseCache


def ask(
    hosted: Hosted,
    questions: list[Question],
    decoding: Decoding,
    cache: ResponseCache,
    label: str,
    *,
    wait: float = FIRST_WAIT,
    pace: Pace = USUAL,
) -> dict[Key, Answer]:
    """Answers by the questions' keys; only what the cache lacks is asked.

    A question that cannot be answered has an answer of finish_reason error (or content_filter);
    it is counted and named, and asked again by the next run. `wait` is in seconds, before a
    request is sent again for the first time; `pace` is that of batches. Raises StudyError where no
    more can be asked: all that was paid for is kept.
    """
    places = placed(hosted, questions, decoding)
    kept = cache.get([place.key for place in places])
    replies = {content: _reply(value) for content, value in kept.items()}
    whys = dict(hosted.given_up)
    lacking = [p for p in places if p.key.content not in replies and p.key.content not in whys]
    if lacking:
        progress = Progress(hosted, label, len(places), len(places) - len(lacking))
        sending = _sending(hosted, lacking, decoding, wait, pace)
        with progress.bar, sending:
            fresh, failed = _received(sending, cache, progress, _counts(places))
        replies |= fresh
        whys |= failed
        if isinstance(sending, Sending):
            progress.told(sending)
        else:
            hosted.given_up |= failed
    found = _answers(hosted, places, replies, whys, decoding)
    report(label, places, found, whys)
    return found


def _sending(
    hosted: Hosted, lacking: Sequence[Placed], decoding: Decoding, wait: float, pace: Pace
) -> Sending | Batching:
    """What sends the requests for answers that are lacking."""
    asked = orders(hosted, lacking, decoding)
    if hosted.batch:
        return Batching(hosted, asked, pace)
    Journals(hosted.host).check({place.key.content for place in lacking})
    return Sending(hosted, asked, wait)


def _received(
    sending: Sending | Batching,
    cache: ResponseCache,
    progress: Progress,
    counts: Mapping[str, int],
) -> tuple[dict[str, Reply], dict[str, Fails]]:
    """Replies, each kept before it counts, and why others have none, by the keys of answers."""
    replies: dict[str, Reply] = {}
    whys: dict[str, Fails] = {}
    for batch in sending.batches():
        fresh = {
            done.order.keys[at].content: (done.order.keys[at], reply)
            for done in batch
            for at, reply in done.replies.items()
        }
        cache.put((key, _kept(reply)) for key, reply in fresh.values())
        replies |= {content: reply for content, (_, reply) in fresh.items()}
        failed = {
            key.content: done.failure for done in batch if done.failure for key in done.order.keys
        }
        whys |= failed
        progress.note(
            sum(counts[content] for content in (*fresh, *failed)),
            [reply.meter for _, reply in fresh.values()],
        )
    return replies, whys


def kept_answers(
    hosted: Hosted, questions: Sequence[Question], decoding: Decoding, cache: ResponseCache
) -> dict[Key, Answer]:
    """The answers that the cache has, by the questions' keys."""
    places = placed(hosted, questions, decoding)
    found = cache.get([place.key for place in places])
    replies = {content: _reply(value) for content, value in found.items()}
    there = [place for place in places if place.key.content in replies]
    return _answers(hosted, there, replies, {}, decoding)


def _answers(
    hosted: Hosted,
    places: Sequence[Placed],
    replies: Mapping[str, Reply],
    whys: Mapping[str, Fails],
    decoding: Decoding,
) -> dict[Key, Answer]:
    """The answers, with shares of samples where there is no exact distribution."""
    found: dict[Key, Answer] = {}
    samples: dict[Any, list[Key]] = {}
    counted: set[str] = set()
    today = datetime.now(UTC).date().isoformat()
    for place in places:
        key, reply = place.question.key, replies.get(place.key.content)
        if reply is None:
            reason = "content_filter" if whys[place.key.content].filtered else "error"
            none = Meter(BACKEND, None, today, 0, 0, 0, None, False)
            found[key] = no_answer(reason, none)
            continue
        one = answer(reply, place.question, hosted.stop, hosted.strips)
        found[key] = _metered(hosted, one, again=place.key.content in counted)
        counted.add(place.key.content)
        if place.question.closed and found[key].distribution is None and decoding.temperature:
            whose = place.question.group, str(place.question.messages)
            samples.setdefault(whose, []).append(key)
    closed = {place.question.key: place.question.closed for place in places}
    for keys in samples.values():
        drawn = [found[key] for key in keys]
        shares = sampled_shares(closed[keys[0]] or {}, drawn) if len(keys) > 1 else None
        if shares:
            found |= {
                key: replace(found[key], distribution=shares, distribution_from="samples")
                for key in keys
            }
    return found


def _metered(hosted: Hosted, found: Answer, *, again: bool) -> Answer:
    """The answer with what it cost; of one that several questions share, the first has it."""
    meter = found.meter
    if meter is not None and again:
        meter = replace(meter, prompt_tokens=0, cached_tokens=0, answer_tokens=0)
    if meter is not None and hosted.purse is not None:
        meter = replace(meter, cost_usd=hosted.purse.cost(meter))
    return replace(found, meter=meter)


def _counts(places: Sequence[Placed]) -> dict[str, int]:
    """How many questions each answer is of."""
    counts: dict[str, int] = {}
    for place in places:
        counts[place.key.content] = counts.get(place.key.content, 0) + 1
    return counts


def _kept(reply: Reply) -> dict[str, Any]:
    """A reply as it is kept; what it cost is said by the prices of the day that it is read."""
    return {**vars(reply), "meter": vars(reply.meter)}


def _reply(value: Mapping[str, Any]) -> Reply:
    """A reply as it was kept."""
    tokens, top = value["tokens"], value["top"]
    return Reply(
        value["text"],
        value["finish_reason"],
        None if tokens is None else [(end, logprob, tie) for end, logprob, tie in tokens],
        None if top is None else [(token, logprob) for token, logprob in top],
        Meter(**value["meter"]),
    )
