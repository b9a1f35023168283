"""What the line of a request means: replies, once more in the next batch, or a failure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stages.models.hosted.ask.batch.journal import BatchJournal
from stages.models.hosted.ask.batch.lines import Line
from stages.models.hosted.ask.orders import Order, body
from stages.models.hosted.ask.payment import prompt_tokens
from stages.models.hosted.ask.replies import Reply, replies_of
from stages.models.hosted.failures import Again, Ends, Fails, of_status
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.money import Tokens
from stages.models.hosted.purse import tokens

UNDONE = ("batch_expired", "batch_cancelled")  # codes of requests that were never answered
Asked = Mapping[str, Order]
"""by the keys of answers, their requests"""
Came = dict[int, Reply] | Again | None
"""of one line: replies by their place, or that it has none; None where it was refused"""


@dataclass
class Judged:
    """What a batch gave of what is asked: replies, and why others have none, by their keys.

    `undone` were never answered, `again` may be otherwise the next time. `paid` counts all lines
    of the batch, those of others too.
    """

    replies: dict[str, Reply] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    again: dict[str, Again] = field(default_factory=dict)
    fails: dict[str, Fails] = field(default_factory=dict)
    ends: Ends | None = None
    paid: Tokens = field(default_factory=Tokens)
    estimated: bool = False


def judged(
    hosted: Hosted,
    journal: BatchJournal,
    lines: Mapping[str, Sequence[Line]],
    asked: Asked,
    *,
    whole: bool,
) -> Judged:
    """What became of each request of a batch; of one that is `whole` no line may be missing."""
    found = Judged()
    can = replace(hosted.abilities, tried=set(hosted.abilities.tried))
    before = replace(hosted, abilities=can)  # one line may show what others asked for in vain
    for name, keys in journal.lines.items():
        own = {place: key for place, key in enumerate(keys) if key in asked}
        order = asked[next(iter(own.values()))] if own else None
        came = lines.get(name, [])
        replies = _once([_replies(line, order, len(keys), journal.each) for line in came])
        _count(found, replies, lost=whole and not came, each=journal.each)
        if order is None:
            continue
        if not came and whole:
            found.again |= dict.fromkeys(own.values(), Again("its line is missing"))
        elif not came or came[0].code in UNDONE:
            found.undone |= set(own.values())
        elif replies[0] is None:
            _fail(found, hosted, body(before, order), own.values(), came[0])
        else:
            _take(found, own, replies)
            if isinstance(replies[0], dict) and len(replies[0]) == 1 < len(keys):
                hosted.abilities.cannot("n", {}, hosted.name)
    return found


def _replies(line: Line, order: Order | None, count: int, each: Tokens) -> Came:
    """The replies of a line with 200, None of another; of no order of ours for their cost alone."""
    if line.status != 200:
        return None
    prompt = prompt_tokens(order) if order else each.prompt
    found = replies_of(line.body, order.begun if order else "", count, prompt)
    if isinstance(found, Again):
        return found
    return {
        place: replace(reply, meter=replace(reply.meter, batch=True))
        for place, reply in found.items()
    }


def _once(replies: Sequence[Came]) -> list[Came]:
    """The replies of several lines of a request, without those that say the same again."""
    said = [*map(_said, replies)]
    return [one for at, one in enumerate(replies) if said[at] not in said[:at]]


def _count(found: Judged, replies: Sequence[Came], *, lost: bool, each: Tokens) -> None:
    """Add what the lines of a request took; an answer that was lost was paid for."""
    for one in replies:
        if isinstance(one, dict):
            meters = [reply.meter for reply in one.values()]
            found.paid += sum(map(tokens, meters), Tokens())
            found.estimated |= any(meter.estimated for meter in meters)
        elif isinstance(one, Again) and one.paid is not None:
            found.paid += one.paid
        elif isinstance(one, Again):
            lost = True
    if lost:
        found.paid += each
        found.estimated = True


def _take(found: Judged, own: Mapping[int, str], replies: Sequence[Came]) -> None:
    """The replies of a request that was answered; of two that differ neither is taken."""
    first = replies[0]
    if len(replies) > 1:
        first = Again("its line came more than once, each another")
    for place, key in own.items():
        if isinstance(first, dict) and place in first:
            found.replies[key] = first[place]
        elif isinstance(first, Again):
            found.again[key] = first
        else:
            found.again[key] = Again("the response has too few choices")


def _said(replies: Came) -> object:
    """What tells whether two lines say the same."""
    if isinstance(replies, dict):
        return {place: (one.text, one.finish_reason) for place, one in replies.items()}
    return replies


def _fail(
    found: Judged, hosted: Hosted, sent: Mapping[str, Any], keys: Iterable[str], line: Line
) -> None:
    """What a request that was refused means, or one without a response."""
    if not line.status:
        found.again |= dict.fromkeys(keys, Again(hosted.host.told(line.why)))
        return
    failure = of_status(hosted.host, line.status, {}, json.dumps(line.body).encode(), sent)
    if isinstance(failure, Ends):
        found.ends = failure
        found.undone |= set(keys)
    elif isinstance(failure, Again):
        found.again |= dict.fromkeys(keys, failure)
    elif isinstance(failure, Fails):
        found.fails |= dict.fromkeys(keys, failure)
    elif hosted.abilities.cannot(failure.parameter, sent, hosted.name):
        found.undone |= set(keys)
    else:
        found.fails |= dict.fromkeys(keys, Fails(failure.why))
