"""What hosted models cost: tokens and prices.

Tokens are counted by the server. Where it does not say, and before anything is sent, they are
estimated from the text: `estimated_tokens`. Costs are US dollars, None where they are not known.
"""

from collections.abc import Sequence

from stages.models.chat import Message
from stages.models.hosted.limits_section import LimitsParams
from stages.models.plan import Tariff, Tokens

MILLION = 1_000_000
BYTES_A_TOKEN = 4  # of English prose in UTF-8; a rule of thumb that servers' docs give
FRAME = 4  # tokens that stand around a message
BEGINNING = 3  # and those that an answer begins after


def cost(tokens: Tokens, tariff: Tariff, limits: LimitsParams) -> float | None:
    """US dollars; None where a price that is needed is not told."""
    prices = limits.prices.get(tariff.model)
    if prices is None or (tokens.trained and prices.training is None):
        return None
    asked = prices.trained if tariff.trained and prices.trained else prices
    cached = asked.input if asked.cached is None else asked.cached
    asking = (
        (tokens.prompt - tokens.cached) * asked.input
        + tokens.cached * cached
        + tokens.answer * asked.output
    )
    training = tokens.trained * (prices.training or 0.0)
    return (asking * (prices.batch if tariff.batch else 1.0) + training) / MILLION


def text_tokens(text: str) -> int:
    """About how many tokens a text has: its UTF-8 bytes by four."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)


def estimated_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens a conversation has: those of its text, and some a message."""
    text = "".join(message["content"] for message in messages)
    return text_tokens(text) + FRAME * len(messages) + BEGINNING


def most_tokens(messages: Sequence[Message]) -> int:
    """How many tokens a conversation has at most: as many as bytes.

    (A chat template may add a system message of its own, of some dozens.)
    """
    return BYTES_A_TOKEN * estimated_tokens(messages)


def dollars(amount: float | None) -> str:
    """An amount as it is shown: to four digits, or as what it is, unknown."""
    return "unknown" if amount is None else f"${amount:,.4f}"
