"""What a probe asks: as the study asks, so with its stop marks, its extra_body and its limit."""

from dataclasses import replace
from typing import Any

from stages.models.chat import Message
from stages.models.hosted.abilities import Abilities
from stages.models.hosted.ask.orders import CLOSED_TOP, Order, body
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.probe.kept import kept_key
from stages.models.questions import Decoding

DRAWS = Decoding(8, 0.5)  # a model that takes no temperature refuses any but 1
GOES_ON = Decoding(4)  # tokens: fewer than BEGUN has, so an answer that has all of it was begun
NAME: list[Message] = [{"role": "user", "content": "Name an animal, in one word."}]
COUNT: Message = {"role": "user", "content": "Count from one to nine, in words."}
BEGUN, REST = "Well: one, two, three, fo", "ur"  # what is begun within a word opens no new answer


def draws(hosted: Hosted) -> Order:
    """Two samples with all that a request may have."""
    return Order(NAME, (kept_key(hosted, 0),) * 2, 0, CLOSED_TOP, DRAWS)


def begins(hosted: Hosted) -> Order:
    """An answer that is begun."""
    messages = [COUNT, {"role": "assistant", "content": BEGUN}]
    return Order(messages, (kept_key(hosted, 0),), None, 0, GOES_ON)


def probe_requests(hosted: Hosted) -> list[dict[str, Any]]:
    """The bodies of the requests that a probe sends at most, if none is refused.

    The last one is not sent where the one before was gone on with.
    """
    forms = [replace(hosted, abilities=Abilities(continues=told)) for told in (False, True)]
    return [body(forms[0], draws(hosted)), *(body(form, begins(hosted)) for form in forms)]
