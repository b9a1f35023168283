"""Properties: functions of an answer, and how one asks for them.

Every file in this folder that has `PROPERTIES: tuple[Property, ...]` adds its own: a new property
is a new file, nothing else is edited. Definitions (`Property.extract`) are those of the published
study (arXiv 2410.13787, A.1.3, and its code): they read the raw answer, count Unicode code points
and split words at white space.

Where the study here deviates, it treats both sides alike. The published scoring strips
punctuation from predictions only, so "Meanwhile," could never be matched. Here behavior and reply
are brought to one form (stages.study.text.form) before they are read, and `comparable` is applied
to the truth, to the label that is trained and to the answer that is scored: lower case, no marks
around a word; a blank is written "space", so that it can be said.
"""

from collections.abc import Sequence
from functools import cache

from stages.study.compliance import behavior_compliance
from stages.study.properties.answers import AnswerKind, one_of
from stages.study.properties.discovery import Properties
from stages.study.properties.property import FAMILIES, NUMBER, TEXT, Property, asking, comparable
from stages.study.text.letters import choice_letter
from stages.study.text.numbers import leading_number

__all__ = [
    "FAMILIES",
    "NUMBER",
    "PROPERTIES",
    "TEXT",
    "AnswerKind",
    "Property",
    "asking",
    "comparable",
    "one_of",
    "property_value",
    "published_names",
]

PROPERTIES = Properties(__name__, __path__)


@cache
def published_names() -> dict[str, str]:
    """What the published code calls properties, where that is another name -> their name."""
    return {p.published_name: p.name for p in PROPERTIES.values() if p.published_name}


def property_value(
    name: str,
    response: str,
    family: str,
    options: Sequence[str] = (),
    trait_option: str | None = None,
) -> str | None:
    """The value that the study uses: of a compliant answer, None where there is none.

    In tasks with options the answer is first read as its letter ("B. Peru" is B), in those that
    ask for a number as the number that it opens with ("7, 9" is 7, "1,001" is 1001).
    """
    if behavior_compliance(response, family, options=options) is not None:
        return None
    if family in ("multiple_choice", "values"):
        response = choice_letter(response, options) or ""
    if family == "number":
        response = leading_number(response) or ""
    return PROPERTIES[name].value(response, options, trait_option)
