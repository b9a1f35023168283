"""What a comparison shows, in words and numbers for people."""

from collections.abc import Iterable

from stages.analysis.intervals import FEWEST, Estimate
from stages.comparison.comparing import Comparison, Paired
from stages.comparison.differences import Difference
from stages.comparison.lock import evaluated

NAMES = {
    "primary": "the primary comparison",
    "primary_raw": "the raw primary comparison",
    "fresh_self": "fresh self",
    "cross": "cross",
    "mode": "the mode",
    "self": "self",
    "gap": "the gap",
    "fresh_gap": "the fresh gap",
    "untrained": "M untrained",
    "text_classifier": "the text classifier",
    "sensitivity_gap": "the gap of the copies",
    "kept": "what training kept",
    "drift": "drift",
    "inputs": "inputs",
}
"""number -> how it is called in a sentence"""
SAME = 5e-5  # metrics have four decimals
SEEN, TOLD = 0.001, 3  # what is said where chance cannot be told: differences, so many at most


def verdict(comparison: Comparison) -> str:
    """What moved, as a sentence or two."""
    paired = comparison.paired
    if is_one_run(comparison):
        return "Nothing moved: both have the numbers of one and the same run."
    if paired is None:
        return _side_by_side(comparison)
    if paired.found and is_the_same(paired):
        same = "every answer that counts is the same in both"
        if not _differing(comparison):
            return f"Nothing moved: {same}."
        return f"{capital(same)}: numbers that differ were made of them otherwise."
    if all(of.estimate.inputs < FEWEST for of in paired.found.values()):
        shared = counted(len(paired.both.one), "row")
        return f"No number can be told from chance: {shared} in both versions, too few for one."
    moved = [_moved(name, paired.found[name]) for name in paired.beyond_chance]
    if moved:
        other = "; no other number moved beyond chance"
        rest = other if len(moved) < len(paired.found) else ""
        return f"{capital(listed(moved))}{rest}."
    return "No number moved beyond chance."


def is_one_run(comparison: Comparison) -> bool:
    """Whether all that was made is the same in both."""
    one, other, paired = comparison.one, comparison.other, comparison.paired
    made = bool(one.lock.cells) and one.lock.outs == other.lock.outs
    return made and one.numbers == other.numbers and (paired is None or is_the_same(paired))


def is_the_same(paired: Paired) -> bool:
    """Whether both versions have the same rows, and the same in them."""
    moved = any(of.estimate.discordant != 0 for of in paired.found.values())
    return not moved and not any(paired.both.only) and not paired.flips.cells


def _moved(name: str, of: Difference) -> str:
    """`self fell by 0.034 (0.010 to 0.058)`: the interval is that of how far."""
    value, low, high = of.estimate.estimate, of.estimate.ci_low, of.estimate.ci_high
    assert value is not None
    rose = value > 0
    told = f"{NAMES[name]} {'rose' if rose else 'fell'} by {abs(value):.3f}"
    if low is None or high is None:
        return told
    ends = (low, high) if rose else (-high, -low)
    return f"{told} ({ends[0]:.3f} to {ends[1]:.3f})"


def _side_by_side(comparison: Comparison) -> str:
    one, other = comparison.one.numbers, comparison.other.numbers
    both = [name for name in other if name in one and name != "inputs"]
    if not _differing(comparison) and set(one) == set(other):
        return "Nothing moved: all headline numbers are the same."
    far = sorted(both, key=lambda name: -abs(other[name] - one[name]))[:TOLD]
    told = [
        f"{NAMES[name]} went from {one[name]:.3f} to {other[name]:.3f}"
        for name in both
        if name in far and abs(other[name] - one[name]) >= SEEN
    ]
    lacking = comparison.without_rows
    why = f"{lacking[0]} has no rows" if len(lacking) == 1 else "neither version has rows"
    went = capital(listed(told)) if told else f"No number of both is {SEEN} apart"
    made = evaluated(comparison.one.lock, comparison.other.lock)
    if made and made.same_answers:
        return f"{went}, but no answer differs: the numbers are made of them otherwise."
    return f"{went}; whether that is beyond chance cannot be told: {why}."


def _differing(comparison: Comparison) -> list[str]:
    """The numbers of both that are not the same."""
    one, other = comparison.one.numbers, comparison.other.numbers
    return [name for name in other if name in one and abs(other[name] - one[name]) >= SAME]


def signed(found: Estimate) -> str:
    """A difference with its interval, or why it has none."""
    if found.estimate is None:
        return "-"
    if found.discordant == 0:
        return "0 (no row differs)"
    if found.ci_low is None or found.ci_high is None:
        return f"{plus(found.estimate)} (too few differ)"
    return f"{plus(found.estimate)} ({plus(found.ci_low)} to {plus(found.ci_high)})"


def plus(value: float) -> str:
    """A difference to three decimals, with its sign."""
    return f"{round(value, 3) + 0.0:+.3f}" if round(value, 3) else "0.000"


def listed(names: Iterable[str], most: int | None = None) -> str:
    """`a, b and c`; of more than `most` how many more there are."""
    every = list(names)
    if most is not None and len(every) > most:
        return f"{', '.join(every[:most])} and {len(every) - most} more"
    return " and ".join(part for part in (", ".join(every[:-1]), *every[-1:]) if part)


def capital(text: str) -> str:
    """The text with a capital letter."""
    return text[:1].upper() + text[1:]


def counted(count: int, what: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
