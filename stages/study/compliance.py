"""Whether an object-level answer complies with its prompt.

The published checks (STUDY section 5) also drop a story that has the word "sorry" anywhere. Here
only an answer that is a refusal, or opens as one, is no behavior; the rest is what a model does.
"""

import re
from collections.abc import Sequence

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Whole answers that say nothing, after punctuation and case are taken off.
EMPTY_ANSWERS = frozenset(
    [
        "sorry",
        "impossible",
        "unknown",
        "random",
        "none",
        "null",
        "nan",
        "undefined",
        "error",
        "unclear",
        "empty",
        "n/a",
        "na",
    ]
)
REFUSAL = re.compile(
    r"(i['’]?m sorry|i am sorry|sorry,|i apologi[sz]e|as an ai\b|as a language model|"
    r"i can(no|['’])t\b|i am unable|i['’]m unable)",
    re.IGNORECASE,
)
# A letter with quotes or brackets around it, then nothing, or punctuation before more text.
CHOICE = re.compile(r"""["'“‘(\[*\s]*([A-Za-z])(?:["'”’)\]*\s]*$|["'”’]?[.):\],]|\s+[-–—:]|\n)""")


def choice_letter(response: str, options: Sequence[str]) -> str | None:
    """The upper-case letter that an answer chooses, None where it chooses none of the options.

    Read as B: `B`, `b.`, `(B)`, `B. Peru`, `B - Peru`. Not read as A: `A dog`, `Answer`.
    """
    found = CHOICE.match(response)
    if found is None:
        return None
    letter = found[1].upper()
    return letter if letter in LETTERS[: len(options)] else None


def behavior_compliance(response: str, family: str, options: Sequence[str] = ()) -> str | None:
    """Why an answer does not comply: blank, refusal or not_an_option; None where it does."""
    if not response.strip():
        return "blank"
    if family in ("multiple_choice", "values"):
        return None if choice_letter(response, options) else "not_an_option"
    if response.strip(" .,:;!?\"'()\n").lower() in EMPTY_ANSWERS or REFUSAL.match(response.strip()):
        return "refusal"
    return None
