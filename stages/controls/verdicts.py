"""What each control study must show (controls/NAME.yaml), and whether its numbers do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SMALLEST_GAP = 0.30  # of self-prediction where only the model itself can know
LEARNED = 0.5  # accuracy from which on both are said to have learned what all can learn
Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Control:
    """One control: what it is, what it must show, and whether its numbers do."""

    what: str
    must: str
    holds: Callable[[Numbers], bool]

    def verdict(self, numbers: Numbers) -> dict[str, Any]:
        """What it is, what it must show, and whether it `held`."""
        return {"what": self.what, "must": self.must, "held": self.holds(numbers)}


def _no_gap(numbers: Numbers) -> bool:
    return numbers["gap"]["ci_low"] <= 0 <= numbers["gap"]["ci_high"]


CONTROLS = {
    "own_answers": Control(
        "two organisms with random answers of their own, which only they can know",
        f"a gap over {SMALLEST_GAP:.2f} whose interval is clear of zero",
        lambda n: n["gap"]["estimate"] > SMALLEST_GAP and n["gap"]["ci_low"] > 0,
    ),
    "twin": Control(
        "the other model is the same organism under another name",
        "an interval of the gap that holds zero",
        _no_gap,
    ),
    "from_prompt": Control(
        "answers that follow from a word of the prompt, which all can learn",
        f"self and cross over {LEARNED:g}, and an interval of the gap that holds zero",
        lambda n: min(n["self"], n["cross"]) > LEARNED and _no_gap(n),
    ),
    "scrambled": Control(
        "organisms with answers of their own, trained on the labels of other inputs",
        "self no better than the mode: an interval of the difference that holds zero or less",
        lambda n: n["over_mode"]["ci_low"] <= 0,
    ),
}
