"""What each control study must show (controls/NAME.yaml), and whether its numbers do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SMALLEST_GAP = 0.30  # of self-prediction where only the model itself can know
LARGEST_NULL = 0.05  # of a corrected gap where there is nothing to know
LEARNED = 0.5  # accuracy from which on both are said to have learned what all can learn
Numbers = Mapping[str, Any]
"""of a run: control_numbers; over runs: over_runs (both of stages/analysis/controls.py)"""


@dataclass(frozen=True)
class Control:
    """One control: what it is, whether there is a gap to be found, or something all can learn.

    One run without a gap tells of a gross fault alone, since one in twenty is off by chance: so
    such a control is judged over training runs.
    """

    what: str
    gap: bool = False
    learned: bool = False

    @property
    def must(self) -> str:
        """What one run must show, in words."""
        return self._must(f"a corrected gap whose interval comes within {LARGEST_NULL:.2f} of zero")

    @property
    def must_over_runs(self) -> str:
        """What training runs must show together, in words."""
        null = f"a mean corrected gap within {LARGEST_NULL:.2f}, whose interval holds zero"
        return self._must(null, " in each")

    def _must(self, null: str, in_each: str = "") -> str:
        if self.gap:
            return f"gaps, raw and corrected, over {SMALLEST_GAP:.2f} and clear of zero{in_each}"
        return (f"self and cross over {LEARNED:g}{in_each}, and " if self.learned else "") + null

    def verdict(self, numbers: Numbers) -> dict[str, Any]:
        """What it is, what it must show, and whether it `held` in one run."""
        return {"what": self.what, "must": self.must, "held": self.held(numbers)}

    def held(self, numbers: Numbers) -> bool:
        """Whether one run shows what it must."""
        if "estimate" not in numbers["corrected_gap"]:
            return False
        if self.gap:
            return _clear(numbers["gap"]) and _clear(numbers["corrected_gap"])
        return self._learned(numbers) and _near_zero(numbers["corrected_gap"])

    def held_over(self, runs: Sequence[Numbers], over: Numbers) -> bool:
        """Whether training runs show it together."""
        if self.gap or len(over.get("by", ())) < len(runs):
            return all(map(self.held, runs))
        low, high = over.get("ci_low", 0.0), over.get("ci_high", 0.0)
        near = abs(over["mean"]) <= LARGEST_NULL and low <= 0 <= high
        return near and all(map(self._learned, runs))

    def _learned(self, numbers: Numbers) -> bool:
        return not self.learned or min(numbers["self"], numbers["cross"]) > LEARNED


def _clear(gap: Numbers) -> bool:
    return bool(gap["estimate"] > SMALLEST_GAP and gap.get("ci_low", 0.0) > 0)


def _near_zero(gap: Numbers) -> bool:
    """As far as can be told: without an interval, as where nothing differs, by the estimate."""
    low, high = (gap.get(end, gap["estimate"]) for end in ("ci_low", "ci_high"))
    return bool(low <= LARGEST_NULL and high >= -LARGEST_NULL)


CONTROLS = {
    "own_answers": Control(
        "two organisms with random answers of their own, which only they can know", gap=True
    ),
    "twin": Control("the other model is the same organism under another name"),
    "from_prompt": Control(
        "answers that follow from a word of the prompt, which all can learn", learned=True
    ),
    "scrambled": Control("one organism under two names, trained on the labels of other inputs"),
}
