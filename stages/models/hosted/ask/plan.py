"""What asking a hosted model will take, before anything is sent."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from stages.models.hosted.ask.orders import Order, body, longest, orders, placed
from stages.models.hosted.ask.payment import prompt_tokens
from stages.models.hosted.hosted import Hosted
from stages.models.plan import SHOWN, Plan, Tokens
from stages.models.questions import Decoding, Key, Question


def asking_plan(
    hosted: Hosted,
    name: str,
    questions: Sequence[Question],
    decoding: Decoding,
    kept: Collection[Key],
) -> Plan:
    """The requests for the answers to `questions` that are not among `kept`, of a subject `name`.

    The first of them stand in the plan as they would be sent.
    """
    there = set(kept)
    places = placed(hosted, questions, decoding)
    lacking = orders(hosted, [p for p in places if p.question.key not in there], decoding)
    prompts = sum(map(prompt_tokens, lacking))
    samples = sum(len(order.keys) for order in lacking)
    return Plan(
        name,
        hosted.host.host,
        answers=len(places),
        kept=sum(place.question.key in there for place in places),
        requests=len(lacking),
        least=Tokens(prompts, answer=samples),
        most=Tokens(prompts, answer=samples * longest(hosted, decoding)),
        tariff=replace(hosted.purse.tariff, batch=hosted.batch) if hosted.purse else None,
        samples=tuple(_request(hosted, order) for order in lacking[:SHOWN]),
    )


def _request(hosted: Hosted, order: Order) -> dict[str, Any]:
    """A request as it would be sent, its headers by their names alone."""
    host = hosted.host
    own = ["api-key"] if host.api_version else []
    headers = ["Authorization", *own, *host.extra_headers]
    return {"POST": host.url, "headers": headers, "body": body(hosted, order)}
