"""How arms and baselines look: one order, one name, one color and one shape in all that is shown.

Colors are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which the color-blind tell
apart, baselines are gray, and a shape tells arms apart where color cannot. The plot templates,
which dvc reads as they are, have the same looks written out; a test holds them to these.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stages.study import arms

BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
VERMILLION, ORANGE, PURPLE, GRAY = "#D55E00", "#E69F00", "#CC79A7", "#757575"
SIGNS = {
    "circle": "●",
    "diamond": "◆",
    "square": "■",
    "triangle-up": "▲",
    "triangle-down": "▼",
    "triangle-left": "◀",
    "triangle-right": "▶",
    "cross": "✚",
}
"""a shape of Vega -> the character that shows it in a text"""


@dataclass(frozen=True)
class Look:
    """Of a kind of arm; the shape is one of SIGNS."""

    color: str
    shape: str

    @property
    def sign(self) -> str:
        """The shape as a character."""
        return SIGNS[self.shape]


LOOKS: Mapping[str, Look] = {
    arms.SELF: Look(BLUE, "circle"),
    arms.FRESH_SELF: Look(GREEN, "diamond"),
    arms.CROSS: Look(VERMILLION, "square"),
    arms.UNTRAINED: Look(PURPLE, "triangle-up"),
    "untrained_own": Look(PURPLE, "triangle-down"),
    arms.SIMILAR: Look(SKY, "triangle-down"),
    arms.CROSS_INFORMED: Look(ORANGE, "square"),
    arms.CROSS_SECOND: Look(ORANGE, "triangle-right"),
    arms.EXAMPLES_SELF: Look(BLUE, "triangle-left"),
    arms.EXAMPLES_CROSS: Look(VERMILLION, "triangle-right"),
    "changed": Look(GREEN, "triangle-left"),
    arms.GIVEN: Look(SKY, "square"),
    "mode": Look(GRAY, "cross"),
    "mode_train": Look(GRAY, "triangle-up"),
    "text_classifier": Look(GRAY, "circle"),
    "text_classifier_cross_fitted": Look(GRAY, "diamond"),
    "embedding_classifier": Look(GRAY, "square"),
    "nearest_neighbor": Look(GRAY, "triangle-down"),
    "own_behavior": Look(GRAY, "triangle-right"),
    "baseline": Look(GRAY, "triangle-left"),
}
"""kind -> its look, in the order in which arms are shown; baselines come last"""


def arm_name(kind: str, predictor: str = "") -> str:
    """What an arm is called; with the predictor in brackets where one is told."""
    name = kind.replace("_", " ")
    return f"{name} ({predictor})" if predictor else name


def is_baseline(kind: str) -> bool:
    """Whether it is answered without asking a model about the target."""
    return kind in LOOKS and LOOKS[kind].color == GRAY


def in_order(kinds: Iterable[str]) -> list[str]:
    """Kinds of arms in the order in which they are shown; those without a look last."""
    order = list(LOOKS)
    return sorted(kinds, key=lambda kind: order.index(kind) if kind in LOOKS else len(order))


def by_arm(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows, each of a kind of arm, in that order."""
    of = list(rows)
    order = in_order({row["kind"] for row in of})
    return sorted(of, key=lambda row: order.index(row["kind"]))


def ordered(found: Mapping[str, Any]) -> dict[str, Any]:
    """What was found of each kind of arm, in that order."""
    return {kind: found[kind] for kind in in_order(found)}
