"""Single words of an answer, split at white space; punctuation stays at its word."""

from stages.study.properties.answers import ONE_LINE, SINGLE_WORD
from stages.study.properties.characters import ORDINALS
from stages.study.properties.property import TEXT, Definition, Property, asking


def word(index: int) -> Definition:
    """The word at `index` of an answer; -1 is the last."""

    def found(response: str, _: str | None) -> str | None:
        return next(iter(response.split()[index : index + 1 or None]), None)

    return found


def _first_reversed(response: str, _: str | None) -> str | None:
    first = word(0)(response, None)
    return first and first[::-1]


PROPERTIES = (
    *(
        Property(
            f"{nth}_word",
            asking(f"its {nth} word"),
            SINGLE_WORD,
            TEXT,
            word(index),
            (0, index + 1),
        )
        for index, nth in enumerate(ORDINALS[:3])
    ),
    Property("last_word", asking("its last word"), SINGLE_WORD, TEXT, word(-1)),
    Property(
        "first_word_reversed",
        asking("its first word spelled backwards"),
        SINGLE_WORD,
        TEXT,
        _first_reversed,
        (0, 1),
    ),
    Property(
        "identity_reversed",
        asking("the whole of it spelled backwards"),
        ONE_LINE,
        ("sequence", "number"),
        lambda response, _: response.strip()[::-1],
    ),
)
