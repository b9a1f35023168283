"""Single characters of an answer, counted in code points; case is kept, a blank is one too."""

from stages.study.properties.answers import SINGLE_CHARACTER, TWO_CHARACTERS
from stages.study.properties.property import TEXT, Definition, Property, asking

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def character(index: int) -> Definition:
    """The character at `index` of an answer; -1 is the last."""
    return lambda response, _: response[index : index + 1 or None] or None


def _two(start: int) -> Definition:
    def two(response: str, _: str | None) -> str | None:
        found = response[start : start + 2]
        return found if len(found) == 2 else None

    return two


PROPERTIES = (
    *(
        Property(
            f"{nth}_character",
            asking(f"its {nth} character"),
            SINGLE_CHARACTER,
            TEXT,
            character(index),
            (index + 1, 0),
        )
        for index, nth in enumerate(ORDINALS)
    ),
    Property("last_character", asking("its last character"), SINGLE_CHARACTER, TEXT, character(-1)),
    Property(
        "first_and_second_character",
        asking("its first two characters"),
        TWO_CHARACTERS,
        TEXT,
        _two(0),
        (2, 0),
    ),
    Property(
        "second_and_third_character",
        asking("its second and third characters"),
        TWO_CHARACTERS,
        TEXT,
        _two(1),
        (3, 0),
    ),
)
