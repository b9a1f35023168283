"""The account of a comparison, block by block; a brief one fits on a screen of a pull request."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from stages.comparison.comparing import Comparison, Paired
from stages.comparison.headlines import INTERVALS, PLACES, own_interval, read_summary
from stages.comparison.lock import evaluated
from stages.comparison.rounding import Sameness
from stages.comparison.told.blocks import Block, Table, Words
from stages.comparison.told.changes import told_changes
from stages.comparison.told.flips import told_flips
from stages.comparison.told.words import counted, listed, plus, signed, verdict
from stages.reporting.sections import number, p_value

LEAST_ADDED = 0.002  # more than rounding adds
LONGEST = 28  # characters of a name at the head of a column


def account(
    comparison: Comparison,
    brief: bool = False,
    inputs: Mapping[str, str] = MappingProxyType({}),
) -> list[Block]:
    """All that is told of two versions; `inputs` are the texts of inputs that are at hand."""
    sides = comparison.one, comparison.other
    one, other = (side.version.told for side in sides)
    blocks: list[Block] = [
        Words(f"From {one} to {other}", "title"),
        Words(verdict(comparison), "verdict"),
        Words("What changed", "heading"),
        *(Words(text, "item") for text in told_changes(comparison, brief)),
        Words("Headline numbers", "heading"),
        _numbers(comparison),
    ]
    blocks += [Words(text) for text in _notes(comparison)]
    if comparison.paired and comparison.paired.flips.rows:
        blocks += told_flips(comparison.paired.flips, brief, inputs)
    return blocks


def told_sameness(found: Sameness) -> list[Block]:
    """Whether two versions are the same within rounding, and why not."""
    ties = f"{counted(found.answers, 'answer')} of M compared, {found.ties:,} differ at a near tie"
    if not found.problems:
        return [Words(f"The same within rounding: {ties}.", "verdict")]
    every = [Words(problem, "item") for problem in found.problems]
    return [Words(f"Not the same within rounding: {ties}.", "verdict"), *every]


def _numbers(comparison: Comparison) -> Table:
    one, other = comparison.one.numbers, comparison.other.numbers
    names = [name for name in PLACES if name in one or name in other]
    heads = ["number", *(_cut(side.name) for side in (comparison.one, comparison.other))]
    if not comparison.paired:
        summaries = [read_summary(side.version) for side in (comparison.one, comparison.other)]
        rows = [
            [name, *(_own(of, s, name) for of, s in zip((one, other), summaries, strict=True))]
            for name in names
        ]
        return Table(
            [*heads, "difference"],
            [[*row, _apart(one, other, row[0])] for row in rows],
        )
    confidence = comparison.paired.rule.confidence
    heads += [f"difference ({confidence * 100:g}% interval)", "p (corrected)"]
    rows = []
    for name in names:
        found = comparison.paired.found.get(name)
        told = [_apart(one, other, name), ""]
        if found:
            p = {"p_value": found.estimate.p_value, "p_holm": found.p_holm}
            told = [signed(found.estimate), "" if found.p_holm is None else p_value(p)]
        rows.append([name, _number(one, name), _number(other, name), *told])
    return Table(heads, rows)


def _number(numbers: Mapping[str, float], name: str) -> str:
    if name == "inputs" and name in numbers:
        return f"{numbers[name]:,.0f}"
    return number(numbers.get(name))


def _own(numbers: Mapping[str, float], summary: Mapping[str, Any], name: str) -> str:
    """A number with the interval that stands beside it in its summary."""
    found = own_interval(summary, name) if name in INTERVALS else None
    ends = f" ({number(found[0])} to {number(found[1])})" if found else ""
    return f"{_number(numbers, name)}{ends}"


def _apart(one: Mapping[str, float], other: Mapping[str, float], name: str) -> str:
    """The difference of a number that no row tells."""
    if name not in one or name not in other:
        return "-"
    apart = other[name] - one[name]
    return (f"{apart:+,.0f}" if apart else "0") if name == "inputs" else plus(apart)


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _notes(comparison: Comparison) -> Iterator[str]:
    """What the differences are of."""
    paired = comparison.paired
    if paired is None:
        which = listed(comparison.without_rows)
        has = "has" if len(comparison.without_rows) == 1 else "have"
        yield (
            f"{which} {has} no rows in git (metrics/rows.parquet), so numbers stand side by side: "
            "a difference has no interval."
        )
        return
    rows, alone = len(paired.both.one), paired.both.only
    where = f"{counted(rows, 'row')} that both have" + (
        f" ({comparison.one.name} alone has {alone[0]:,}, {comparison.other.name} {alone[1]:,})"
        if any(alone)
        else ""
    )
    looked_at = sum(of.p_holm is not None for of in paired.found.values())
    brackets = f" In brackets p is corrected for the {looked_at} numbers looked at (Holm)."
    yield (
        f"Differences are of {where}, in cells that both use, with intervals clustered by input: "
        f"what other inputs would give, not other trainings.{brackets if looked_at else ''}"
    )
    if paired.both.other_seeds:
        yield "The versions have no training seed in common: trainings are paired in their order."
    if added := listed(_added(comparison, paired)):
        made = evaluated(comparison.one.lock, comparison.other.lock)
        too = ", or how evaluate makes numbers," if made and made.otherwise else ""
        yield f"Rows and cells that the two do not share{too} move headline numbers, too: {added}."


def _added(comparison: Comparison, paired: Paired) -> Iterator[str]:
    """Numbers that differ otherwise than on shared rows, with what is not of these."""
    one, other = comparison.one.numbers, comparison.other.numbers
    for name, of in paired.found.items():
        if name in one and name in other and of.estimate.estimate is not None:
            rest = other[name] - one[name] - of.estimate.estimate
            if abs(rest) >= LEAST_ADDED:
                yield f"{name} by {plus(rest)}"
