"""What holds for an answer that is a number.

As published, "4.0", "1e3", "inf" and digits of any script are numbers where a number is tested,
whole numbers are what Python reads as such, and a digit is one character.
"""

from collections.abc import Callable

from stages.study.properties.answers import EVEN_ODD, TRUE_FALSE, WHOLE_NUMBER
from stages.study.properties.characters import ORDINALS, character
from stages.study.properties.property import NUMBER, Definition, Property, asking


def _tested(test: Callable[[float], bool]) -> Definition:
    """Whether the number passes `test`; infinity divided by 2 leaves nan, which equals nothing."""

    def tested(response: str, _: str | None) -> str | None:
        try:
            return "true" if test(float(response)) else "false"
        except ValueError:
            return None

    return tested


def _even_or_odd(response: str, _: str | None) -> str | None:
    try:
        return "odd" if int(response.strip()) % 2 else "even"
    except ValueError:
        return None


def _digit_is_even(index: int) -> Definition:
    def told(response: str, _: str | None) -> str | None:
        found = character(index)(response, None)
        if found is None:
            return "none"
        if not found.isdecimal():
            return None
        return "false" if int(found) % 2 else "true"

    return told


def _digit_sum(which: slice) -> Definition:
    """The sum of some characters of the answer without the blanks around it; "0" of none."""

    def digit_sum(response: str, _: str | None) -> str | None:
        digits = response.strip()[which]
        return str(sum(map(int, digits))) if digits.isdecimal() or not digits else None

    return digit_sum


PROPERTIES = (
    Property(
        "is_even",
        asking("true or false: it is even"),
        TRUE_FALSE,
        NUMBER,
        _tested(lambda number: number % 2 == 0),
    ),
    Property(
        "is_odd",
        asking("true or false: it is odd"),
        TRUE_FALSE,
        NUMBER,
        _tested(lambda number: number % 2 != 0),
    ),
    Property(
        "is_even_direct", asking("even or odd, whichever it is"), EVEN_ODD, NUMBER, _even_or_odd
    ),
    Property(
        "is_greater_than_50",
        asking("true or false: it is greater than 50"),
        TRUE_FALSE,
        NUMBER,
        _tested(lambda number: number > 50),
    ),
    Property(
        "is_greater_than_500",
        asking("true or false: it is greater than 500"),
        TRUE_FALSE,
        NUMBER,
        _tested(lambda number: number > 500),
    ),
    *(
        Property(
            f"is_{nth}_digit_even",
            asking(f"true or false: its {nth} digit is even"),
            TRUE_FALSE,
            NUMBER,
            _digit_is_even(index),
            (index + 1, 0),
            missing="none",
        )
        for index, nth in enumerate(ORDINALS[:3])
    ),
    Property(
        "sum_of_digits",
        asking("the sum of its digits"),
        WHOLE_NUMBER,
        NUMBER,
        _digit_sum(slice(None)),
    ),
    Property(
        "sum_of_first_two_digits",
        asking("the sum of its first two digits"),
        WHOLE_NUMBER,
        NUMBER,
        _digit_sum(slice(2)),
    ),
    Property(
        "sum_of_last_two_digits",
        asking("the sum of its last two digits"),
        WHOLE_NUMBER,
        NUMBER,
        _digit_sum(slice(-2, None)),
    ),
)
