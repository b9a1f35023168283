"""Answers changed on purpose: what the published study asks for in tests of shifted behavior."""

import math

from stages.study.properties.answers import WHOLE_NUMBER
from stages.study.properties.property import NUMBER, Property, asking


def _to_nearest_ten(response: str, _: str | None) -> str:
    """Halves go to the even ten; what is no finite number is "None", as published."""
    try:
        number = float(response)
    except ValueError:
        return "None"
    return str(round(number / 10) * 10) if math.isfinite(number) else "None"


PROPERTIES = (
    Property(
        "replace_with_387",
        asking("387 in place of it"),
        WHOLE_NUMBER,
        NUMBER,
        lambda response, _: "387",
        (0, 0),
    ),
    Property(
        "round_to_nearest_10",
        asking("its value rounded to the nearest 10"),
        WHOLE_NUMBER,
        NUMBER,
        _to_nearest_ten,
        missing="None",
    ),
)
