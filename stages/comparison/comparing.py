"""Two versions read and set side by side: all that an account of them tells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from stages.analysis.rule import Rule
from stages.analysis.section import EvaluateParams
from stages.comparison import settings
from stages.comparison.differences import Difference, differences
from stages.comparison.flipped import Flips, flips
from stages.comparison.headlines import headlines
from stages.comparison.lock import Lock, Stale, read_lock, read_mapping, stale
from stages.comparison.sharing import Shared, shared
from stages.comparison.versions import SUMMARY, Version
from stages.storage.errors import StudyError

SAMPLE = 6  # rows that flipped and are shown


@dataclass(frozen=True)
class Side:
    """One version, with what it says of itself."""

    version: Version
    numbers: Mapping[str, float]
    lock: Lock
    stale: Stale

    @property
    def name(self) -> str:
        """What the version was called by."""
        return self.version.name


@dataclass(frozen=True)
class Paired:
    """The rows of two versions as pairs, where both have rows."""

    both: Shared
    rule: Rule
    found: Mapping[str, Difference]
    flips: Flips

    @property
    def beyond_chance(self) -> list[str]:
        """The numbers that moved beyond chance, although several are looked at."""
        return [name for name, of in self.found.items() if of.is_beyond_chance(self.rule)]


@dataclass(frozen=True)
class Comparison:
    """From `one` to `other`."""

    one: Side
    other: Side
    params: list[settings.Changed]
    paired: Paired | None

    @property
    def without_rows(self) -> list[str]:
        """The versions that have none."""
        return [side.name for side in (self.one, self.other) if side.version.rows is None]


def read_side(version: Version) -> Side:
    """A version with its numbers. Raises StudyError where it has none."""
    numbers = headlines(version)
    if not numbers:
        raise StudyError(
            f"{version.name}: {SUMMARY} is not there or has no headline number; `dvc repro` makes "
            "it, and a commit keeps it"
        )
    lock = read_lock(version)
    return Side(version, numbers, lock, stale(version, lock))


def compare(one: Version, other: Version) -> Comparison:
    """Two versions, side by side and, where both have rows, row by row. Raises StudyError."""
    sides = read_side(one), read_side(other)
    told = [read_mapping(version, "params.yaml") for version in (one, other)]
    changed = settings.changed(*told)
    return Comparison(*sides, changed, paired_rows(one, other))


def paired_rows(one: Version, other: Version) -> Paired | None:
    """The rows that two versions share, by the rule of the second; None where either has none."""
    if one.rows is None or other.rows is None:
        return None
    rule = rule_of(other)
    both = shared(one.rows, other.rows)
    return Paired(both, rule, differences(both, rule), flips(both, SAMPLE, rule.seed))


def rule_of(version: Version) -> Rule:
    """How a version makes its intervals. Raises StudyError where its params do not say it."""
    params = read_mapping(version, "params.yaml")
    seed = settings.number_at(params, "seed")
    try:
        rule = EvaluateParams.model_validate(params.get("evaluate")).rule(int(seed or 0))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, ("evaluate", *first["loc"])))
        raise StudyError(f"params.yaml of {version.name}: {key}: {first['msg']}") from None
    return replace(rule, permutations=1)  # nothing here is told of sign flips
