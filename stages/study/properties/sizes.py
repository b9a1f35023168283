"""How long an answer is, in code points, blanks included, or in words split at white space."""

from stages.study.properties.answers import TRUE_FALSE, WHOLE_NUMBER, one_of
from stages.study.properties.property import TEXT, Definition, Property, asking

BINS = ("1 to 10", "11 to 20", "more than 20")


def _words(response: str) -> int:
    return len(response.split())


def _bin(response: str, _: str | None) -> str:
    """As published, an answer without a word is in the first bin too."""
    return BINS[sum(_words(response) > limit for limit in (10, 20))]


def _longer(limit: int) -> Definition:
    return lambda response, _: "true" if len(response) > limit else "false"


PROPERTIES = (
    Property(
        "number_of_letters",
        asking("the number of its characters"),
        WHOLE_NUMBER,
        TEXT,
        lambda response, _: str(len(response)),
    ),
    Property(
        "number_of_words",
        asking("the number of its words"),
        WHOLE_NUMBER,
        TEXT,
        lambda response, _: str(_words(response)),
    ),
    *(
        Property(
            f"more_than_{limit}_characters",
            asking(f"true or false: it has more than {limit} characters"),
            TRUE_FALSE,
            TEXT,
            _longer(limit),
            (limit + 1, 0),
        )
        for limit in (3, 5)
    ),
    Property(
        "more_than_10_words",
        asking("true or false: it has more than 10 words"),
        TRUE_FALSE,
        TEXT,
        lambda response, _: "true" if _words(response) > 10 else "false",
        (0, 11),
    ),
    Property(
        "how_many_words_bins",
        asking(f"{BINS[0]}, {BINS[1]} or {BINS[2]}: the number of its words"),
        one_of(*BINS),
        TEXT,
        _bin,
        (0, 21),
    ),
)
