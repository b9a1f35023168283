"""What a row holds in a column: text, a number, or nothing; a dotted name reaches into it."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from stages.study.text.form import one_form

DIGITS = (1e-7, 1e21)  # floats from the first up to the second are written without an exponent


class BadRow(ValueError):
    """A row that gives no input: the column that is wrong, if it is one, and why."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason if column is None else f"column {column!r}: {reason}")


def value_of(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column; raises BadRow where there is none.

    `a.b` is the column of that name, or `b` within column `a`: of a list the `b` of each.
    """
    value = _found(row, column, column)
    if is_missing(value):
        raise BadRow(column, "its value is missing")
    return value


def is_missing(value: Any) -> bool:
    """Whether a value is what JSON, Arrow or pandas write where there is none: null or NaN."""
    return value is None or (isinstance(value, float | Decimal) and value != value)


def string(row: Mapping[str, Any], column: str) -> str:
    """A column that must hold text; raises BadRow."""
    value = value_of(row, column)
    if not isinstance(value, str):
        raise BadRow(column, f"{short(value)} is no string")
    if not one_form(value).strip():
        raise BadRow(column, "it is blank")
    return unicode_text(value, column)


def plain(row: Mapping[str, Any], column: str) -> str:
    """A column as text, where it holds text, possibly blank, a number or a day; raises BadRow."""
    return plain_value(value_of(row, column), column)


def plain_value(value: Any, column: str) -> str:
    """A value as text, as `plain` does it; raises BadRow."""
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if number and abs(value) != float("inf"):
        return _written(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        raise BadRow(column, f"{short(value)} is neither text, a number nor a day")
    return unicode_text(value, column)


def _written(value: float | Decimal) -> str:
    """A number in digits; a float that is very large or small with an exponent: 6.02e23."""
    if not isinstance(value, float):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if value and not DIGITS[0] <= abs(value) < DIGITS[1]:
        return re.sub(r"e\+?(-?)0*", r"e\1", repr(value))
    # 1951.0: a column of whole numbers, floats because one is missing.
    return f"{Decimal(repr(value + 0.0)):f}".removesuffix(".0")


def unicode_text(value: str, column: str) -> str:
    """The text, which can be written as UTF-8; else BadRow."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadRow(column, f"{short(value)} has half of a surrogate pair") from None
    return value


def short(value: Any) -> str:
    """A value as it is shown in a message."""
    cut = value[:60] if isinstance(value, str | bytes | list) else value
    shown = ascii(cut) if isinstance(cut, str) and not cut.isprintable() else repr(cut)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _found(value: Any, name: str, column: str) -> Any:
    """What lies under a name in a row or in a part of one."""
    if isinstance(value, list):
        return [_found(each, name, column) for each in value]
    if is_missing(value):
        raise BadRow(column, "its value is missing")
    if not isinstance(value, Mapping):
        raise BadRow(column, f"there is nothing within {short(value)}")
    if name in value:
        return value[name]
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        if (start := ".".join(parts[:count])) in value:
            return _found(value[start], ".".join(parts[count:]), column)
    where = "the row has" if name == column else "there is"
    raise BadRow(column, f"it is missing; {where} {short(list(value))}")
