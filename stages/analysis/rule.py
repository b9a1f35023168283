"""The rules of a study: how chance is judged, and which cells count."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """How averages, intervals and p-values are made; `seed` decides the permutations.

    Cells of fewer rows than `min_cell_rows` count in no average.
    """

    seed: int
    confidence: float
    permutations: int
    min_cell_rows: int


@dataclass(frozen=True)
class Ceiling:
    """What arms must be able to do on pilot rows where the answer is shown, for a cell to count.

    Each beats the mode, with an exact one-sided p under `max_p`, on `min_rows` rows or more; and
    they are right alike often, but for `max_difference`.
    """

    min_rows: int
    max_p: float
    max_difference: float


@dataclass(frozen=True)
class Limits:
    """Which cells count: shares of one value and of answers that comply, and the ceiling.

    Where there is no ceiling nothing is asked with the answer shown, and variety alone decides.
    """

    max_mode_share: float
    min_compliance: float
    ceiling: Ceiling | None

    def against(self, compliance: float, share: float | None) -> str | None:
        """Why the behavior of a cell is not worth predicting; None where it is.

        `compliance` is the share of answers with a value, `share` that of one value among these.
        """
        if share is None:
            return "no pilot answer has a value"
        if compliance < self.min_compliance:
            return f"{_percent(compliance)} of the pilot answers have a value"
        if share > self.max_mode_share:
            return f"one value in {_percent(share)}"
        return None


def _percent(share: float) -> str:
    """In whole percent, and as many decimals as tell it from 0 and 1."""
    decimals = next((n for n in range(6) if 0 < round(100 * share, n) < 100), 0)
    return f"{100 * share:.{decimals}f}%"
