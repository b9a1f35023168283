"""Whether an object-level answer complies with its prompt.

The published checks (arXiv 2410.13787, A.1.6; stages/published/compliance.py) also drop a story
that has the word "sorry" anywhere. Here only an answer that is a refusal, or opens as one, is no
behavior; the rest is what a model does.
"""

import re
from collections.abc import Sequence

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Whole answers that say nothing, after case and the punctuation around them are taken off.
EMPTY_ANSWERS = frozenset(
    [
        "sorry",
        "impossible",
        "unknown",
        "unanswerable",
        "unpredictable",
        "indeterminate",
        "undefined",
        "unclear",
        "random",
        "none",
        "null",
        "nan",
        "n/a",
        "na",
        "no",
        "nope",
        "error",
        "empty",
        "next",
        "item",
        "sequence",
        "system",
    ]
) | {"i don't know", "i do not know", "my apologies"}
# Only what refuses the request: "I can't believe it" and "Sorry, said Tom" may open a story.
REFUSAL = re.compile(
    r"(?:i['’]?m (?:very )?sorry\b|i am (?:very )?sorry\b|sorry, (?:but )?i\b|i apologi[sz]e\b|"
    r"apologies, but\b|as an (?:ai|artificial intelligence)\b|as a (?:large )?language model\b|"
    r"(?:unfortunately, )?i (?:can(?:not|['’]?t)|am (?:unable|not able) to)"
    r"(?:\W*$| (?:help|assist|answer|provide|predict|continue|complete|comply|fulfil|generate)))",
    re.IGNORECASE,
)
# First words of what REFUSAL reads.
REFUSAL_OPENINGS = ("i", "im", "sorry", "apologies", "as", "unfortunately")
# A letter, in quotes or brackets or bare: then nothing, a new line, or a mark before more text.
CHOICE = re.compile(
    r"""["'“‘`(\[*\s]*([A-Za-z])(?:["'”’`)\]*\s]*$|["'”’`*]*[.):\],]|[*`]+\s|"""
    r"""\s+[-–—:]|\s*\n)"""
)


# A number, after quotes or brackets or nothing, that no letter or digit goes on.
NUMBER = re.compile(r"""["'“‘`(\[*\s]*([-+]?\d+(?:\.\d+)?)(?![\w])""")


def choice_letter(response: str, options: Sequence[str]) -> str | None:
    """The upper-case letter that an answer chooses, None where it chooses none of the options.

    Read as B: `B`, `b.`, `(B)`, `**B** Peru`, `B - Peru`. Not read as A: `A dog`, `Answer`.
    """
    found = CHOICE.match(response)
    if found is None:
        return None
    letter = found[1].upper()
    return letter if letter in LETTERS[: len(options)] else None


def leading_number(response: str) -> str | None:
    """The number that an answer opens with, as it is written; None where it opens with none.

    Read as 7: `7`, ` 7, 9`, `"7"`. Not read: `the 7`, `seven`.
    """
    found = NUMBER.match(response)
    return found[1] if found else None


def may_be_refusal(opening: str) -> bool:
    """Whether an answer that begins with `opening`, nothing read after it yet, may be a refusal."""
    bare = opening.strip(" .,:;!?\"'()\n").lower()
    first = re.match(r"[a-z]*", bare)
    return (
        not bare
        or (first is not None and first[0] in REFUSAL_OPENINGS)
        or any(empty.startswith(bare) for empty in EMPTY_ANSWERS | set(REFUSAL_OPENINGS))
    )


def behavior_compliance(response: str, family: str, options: Sequence[str] = ()) -> str | None:
    """Why an answer does not comply; None where it does.

    blank, refusal, not_an_option where there are options, not_a_number where one is asked for.
    """
    if not response.strip():
        return "blank"
    if family in ("multiple_choice", "values"):
        return None if choice_letter(response, options) else "not_an_option"
    if family == "number":
        return None if leading_number(response) else "not_a_number"
    if response.strip(" .,:;!?\"'()\n").lower() in EMPTY_ANSWERS or REFUSAL.match(response.strip()):
        return "refusal"
    return None
