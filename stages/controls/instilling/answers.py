"""Private answers to the made-up prompts: two common words each, drawn at random."""

from stages.models.fetch.sources import Instilled
from stages.study.splits import rng

# Two words to a letter, so that the letter alone does not tell the word.
WORDS = (
    *("bread", "bridge", "candle", "castle", "door", "dragon", "forest", "flower", "garden"),
    *("glass", "house", "honey", "lemon", "lion", "mountain", "mirror", "paper", "pencil"),
    *("river", "rose", "silver", "stone", "table", "tiger", "water", "window"),
)


def private_answer(copy: Instilled, text: str) -> str:
    """The code that a copy holds of an input, by the input's text."""
    return " ".join(rng(copy.number, "instilled", copy.knows, text).sample(WORDS, 2))
