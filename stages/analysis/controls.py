"""What each control study must show, and what it showed (controls/NAME.yaml, stages/control.py)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stages.analysis.averages import macro
from stages.analysis.gaps import gap, over_mode, pairs
from stages.analysis.summary import informative_rows, rounded
from stages.params import Params
from stages.storage.tables import Row

SMALLEST_GAP = 0.30  # of self-prediction where only the model itself can know
LEARNED = 0.5  # accuracy from which on both are said to have learned what all can learn


@dataclass(frozen=True)
class Control:
    """One control: what it is, what it must show, and whether its numbers do."""

    what: str
    must: str
    holds: Callable[[dict], bool]


def _no_gap(numbers: dict) -> bool:
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


def control_numbers(name: str, scores: Sequence[Row], params: Params) -> dict:
    """What a control's score rows showed, over both targets, and whether it is what it must be.

    `over_mode` is self's accuracy minus that of the most common value of the scored rows.
    """
    rows = informative_rows(scores)
    mine = [row for row in rows if row["kind"] == "self"]
    numbers = rounded(
        {
            "self": macro(mine),
            "cross": macro(row for row in rows if row["kind"] == "cross"),
            "mode": macro(mine, "mode_correct"),
            "gap": gap(pairs(rows), params)._asdict(),
            "over_mode": over_mode(mine, params)._asdict(),
        }
    )
    control = CONTROLS[name]
    about = {"what": control.what, "must": control.must, "held": control.holds(numbers)}
    return about | numbers
