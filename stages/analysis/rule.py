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
class Limits:
    """What makes a cell uninformative: a larger share of one value, a lower compliance."""

    max_mode_share: float
    min_compliance: float

    def against(self, compliance: float, share: float | None) -> str | None:
        """Why a cell is uninformative; None where it is not."""
        if compliance < self.min_compliance:
            return f"compliance {compliance:.2f} is under {self.min_compliance:g}"
        if share is None:
            return "no answer has a value"
        if share > self.max_mode_share:
            return f"one value covers {share:.2f}, over {self.max_mode_share:g}"
        return None
