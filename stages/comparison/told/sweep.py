"""The account of a sweep, block by block."""

from stages.analysis.intervals import Estimate
from stages.comparison.sweep import NUMBERS, Sweep
from stages.comparison.told.blocks import Block, Table, Words
from stages.comparison.told.words import counted, listed
from stages.reporting.sections import interval

MOST_NAMES, MOST_KEYS = 3, 6


def told_sweep(found: Sweep) -> list[Block]:
    """What each number is at each value of the param."""
    versions = sum(len(point.names) for point in found.points)
    title = f"{counted(versions, 'version')} by {found.key or 'name'}"
    there = [name for name in NUMBERS if any(name in point.found for point in found.points)]
    blocks: list[Block] = [Words(title, "title"), Words(_verdict(found), "verdict")]
    blocks.append(
        Table(
            [found.key or "version", "versions", *there],
            [
                [point.at, listed(point.names, MOST_NAMES) if found.key else "1"]
                + [_told(point.found.get(name)) for name in there]
                for point in found.points
            ],
            words=2,
        )
    )
    blocks.append(
        Words(
            "Intervals are clustered by input: what other inputs would give. Versions of one row "
            "are put together, each as trainings of its own."
        )
    )
    if found.others:
        keys = listed(found.others, MOST_KEYS)
        blocks.append(Words(f"The versions differ in {keys}, too, which the curve does not tell."))
    if found.without_rows:
        which = listed(found.without_rows, MOST_NAMES)
        blocks.append(Words(f"Without rows in git, and so without intervals: {which}."))
    return blocks


def _told(of: Estimate | None) -> str:
    return "-" if of is None else interval(of._asdict())


def _verdict(found: Sweep) -> str:
    """Where the primary comparison is clear of zero."""
    told = {point.at: point.found.get("primary") for point in found.points}
    clear = [
        f"{at} ({'fresh self' if of.ci_low > 0 else 'cross'})"
        for at, of in told.items()
        if of and of.ci_low is not None and of.ci_high is not None and of.ci_low * of.ci_high > 0
    ]
    where = f"{found.key} " if found.key else ""
    if not any(of and of.ci_low is not None for of in told.values()):
        return "No primary comparison has an interval."
    if not clear:
        return "Nowhere is fresh self or cross ahead by more than chance."
    return f"Ahead by more than chance at {where}{listed(clear)}; each by itself, not corrected."
