"""What a stand-in model says: a pure function of model, messages, seed and temperature.

`toy` is a language model over a handful of words: each next word has a probability that the words
before it decide, so that its log-probabilities are true, and samples come by them.
"""

import hashlib
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

END = ""  # ends an answer
WORDS = ("Yes", "No", "A", "B", " giraffe", " wolf", " 7", ".", "\n", " é", " is", END)
LONGEST = 40  # tokens of an answer


@dataclass(frozen=True)
class Asked:
    """One answer that is asked for; `most` are its tokens at most."""

    model: str
    messages: list[dict[str, Any]]
    seed: int | None
    temperature: float
    most: int = LONGEST


@dataclass(frozen=True)
class Token:
    """A token, its log-probability in nats, and the most probable ones that could stand there.

    Half a character is spelled by surrogates, as Python's surrogateescape does.
    """

    text: str
    logprob: float
    top: list[tuple[str, float]]


Speaker = Callable[[Asked], list[Token]]
"""the tokens of an answer; the last is END where the model ends it itself"""


def toy(asked: Asked) -> list[Token]:
    """An answer of the toy model; without a seed, another one each time."""
    prompt = hashlib.sha256(json.dumps([asked.model, asked.messages]).encode()).hexdigest()
    draws = random.Random() if asked.seed is None else random.Random(f"{prompt}{asked.seed}")
    said: list[Token] = []
    while len(said) < LONGEST and not (said and said[-1].text == END):
        ranked = _next(f"{prompt}{[token.text for token in said]}")
        if asked.temperature:
            weights = [math.exp(logprob / asked.temperature) for _, logprob in ranked]
            text, logprob = draws.choices(ranked, weights)[0]
        else:
            text, logprob = ranked[0]
        said.append(Token(text, logprob, ranked))
    return said


def says(*words: str, top: list[tuple[str, float]] | None = None) -> Speaker:
    """A model that always says these tokens; `top` are the alternatives to the first."""

    def speaker(asked: Asked) -> list[Token]:
        said = [Token(word, -0.25, [(word, -0.25)]) for word in (*words, END)]
        return [Token(said[0].text, -0.25, top or said[0].top), *said[1:]]

    return speaker


def _next(before: str) -> list[tuple[str, float]]:
    """The words that may follow, the most probable first, with their log-probabilities."""
    drawn = random.Random(before)
    logits = {word: drawn.gauss(0, 2) for word in WORDS}
    total = math.log(sum(map(math.exp, logits.values())))
    ranked = [(word, logit - total) for word, logit in logits.items()]
    return sorted(ranked, key=lambda pair: -pair[1])
