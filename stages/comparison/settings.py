"""params.yaml of two versions: which keys differ. A list is one value; a section in one alone, too.

Versions may be older or newer than this code, so nothing is asked of a value.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

LONGEST = 60  # characters of a value that are shown
MOST = 20_000  # keys that are looked at: an alias may repeat a mapping without end


class _Absent:
    """What is not there."""


ABSENT = _Absent()


class Changed(NamedTuple):
    """A key by its dots, and what stands there in either version, or ABSENT."""

    key: str
    one: Any
    other: Any

    @property
    def told(self) -> str:
        """`finetune.epochs 3 → 4`; of a list what it lost and what it got."""
        if self.one is ABSENT:
            return f"{self.key} is new: {shown(self.other)}"
        if self.other is ABSENT:
            return f"{self.key} is gone, was {shown(self.one)}"
        if isinstance(self.one, list) and isinstance(self.other, list):
            lost = [f"−{_item(item)}" for item in self.one if item not in self.other]
            got = [f"+{_item(item)}" for item in self.other if item not in self.one]
            if lost or got:
                return f"{self.key} {_cut(' '.join(lost + got), 2 * LONGEST)}"
        return f"{self.key} {shown(self.one)} → {shown(self.other)}"


def changed(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Changed]:
    """The keys that differ, in the order of the newer version, then those it no longer has."""
    found = []
    for number, (key, was, now) in enumerate(_differing("", one, other)):
        if number == MOST:
            break
        found.append(Changed(key, was, now))
    return found


def _differing(prefix: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys([*other, *one]):
            below = f"{prefix}.{key}".lstrip(".")
            yield from _differing(below, one.get(key, ABSENT), other.get(key, ABSENT))
    elif one != other or type(one) is not type(other):
        yield prefix, one, other


def value_at(params: Mapping[str, Any], key: str) -> Any:
    """What stands at a dotted key, or what is no value where nothing does."""
    found: Any = params
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return ABSENT
        found = found[part]
    return found


def shown(value: Any) -> str:
    """A value in one short line."""
    return _cut(_item(value), LONGEST)


def _item(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return " ".join(text.split())


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def number_at(params: Mapping[str, Any], key: str) -> float | None:
    """The number at a dotted key; of a list with one its number; else None."""
    value = value_at(params, key)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None
