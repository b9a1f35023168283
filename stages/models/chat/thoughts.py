"""Thoughts that models have before an answer: their marks, and how templates turn them off."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# A mark that opens a thought, at the end of a text, and the one that closes what it opens:
# <think> [THINK] ◁think▷, <|START_THINKING|>, <|channel>thought.
OPENED = (
    (re.compile(r"([<\[◁])([\w:]+)([>\]▷])\s*$"), r"\1/\2\3"),
    (re.compile(r"<\|START_(\w+)\|>\s*$"), r"<|END_\1|>"),
    (re.compile(r"<\|(\w+)>[^<>]*$"), r"<\1|>"),
)
# A mark that closes a thought, wherever it stands, and the one that opens what it closes.
WORDS = r"(?i:[\w:]*(?:think|thought|reasoning)\w*)"
CLOSES = (
    (re.compile(rf"([<\[◁])/({WORDS})([>\]▷])"), r"\1\2\3"),
    (re.compile(r"<\|END_(THINKING|THOUGHT|REASONING)\|>"), r"<|START_\1|>"),
    (re.compile(r"<\|(begin|end)_of_(thought|thinking)\|>"), r"<|begin_of_\2|>"),
    (re.compile(r"<\|channel>thought"), "<|channel>thought"),
)


@dataclass(frozen=True)
class Thought:
    """How a model that may think does so before an answer.

    An answer that opens with `opening` is a thought up to `closing`; with `opened` the prompt has
    opened it already.
    """

    opening: str
    closing: str
    opened: bool = False


def opened_by(text: str) -> Thought | None:
    """The thought that a text opens with its last mark; None where it ends in no such mark."""
    for opens, closes in OPENED:
        if found := opens.search(text):
            return Thought(found[0].strip(), found.expand(closes), opened=True)
    return None


def opening_of(closing: str) -> str | None:
    """The mark that opens what `closing` closes; None where that closes no known thought."""
    for closes, opens in CLOSES:
        if found := closes.fullmatch(closing):
            return found.expand(opens)
    return None


def known_thought(template: str, vocabulary: Iterable[str]) -> Thought | None:
    """The thought whose closing mark stands in a template, else among a tokenizer's tokens.

    None where neither shows a mark of a kind that is known.
    """
    for text in (template, "\n".join(vocabulary)):
        for closes, opens in CLOSES:
            if found := closes.search(text):
                closing = found[0].replace("begin_of", "end_of")
                opened = found.expand(opens)
                return Thought(opened, "<channel|>" if "channel" in closing else closing)
    return None


def switched_off(template: str) -> dict[str, Any]:
    """What templates call the switch that turns thinking off, each at off."""
    never = any(f"{quote}none{quote}" in template for quote in "\"'")
    effort = {"reasoning_effort": "none" if never else "low"}
    return {
        "enable_thinking": False,
        "enable_reasoning": False,
        "thinking": False,
        "reasoning": False,
        "thinking_budget": 0,
        **(effort if "reasoning_effort" in template else {}),
    }
