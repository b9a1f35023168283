"""The picture of a comparison: how far each number moved."""

from stages.comparison.comparing import Comparison
from stages.storage.tables import Row


def moved(comparison: Comparison) -> list[Row]:
    """The points: number, difference, beyond_chance, and ci_low and ci_high where there are any."""
    paired = comparison.paired
    if paired is None:
        return []
    return [
        {
            "number": name.replace("_", " "),
            "difference": of.estimate.estimate,
            "beyond_chance": "yes" if of.is_beyond_chance(paired.rule) else "no",
        }
        | (
            {}
            if of.estimate.ci_low is None
            else {"ci_low": of.estimate.ci_low, "ci_high": of.estimate.ci_high}
        )
        for name, of in paired.found.items()
        if of.estimate.estimate is not None
    ]
