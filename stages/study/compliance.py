"""Whether an object-level answer complies with its prompt.

The published checks (arXiv 2410.13787, A.1.6; stages/published/compliance.py) also drop an answer
that is one word such as "no", "none" or "random", and a story that has the word "sorry" anywhere.
Here only an answer that refuses, or opens as a refusal, is no behavior; the rest is what a model
does, and "No." is an answer as "Yes." is.
"""

import re
from collections.abc import Sequence

from stages.study.text.form import one_form, unmarked
from stages.study.text.letters import choice_letter
from stages.study.text.numbers import leading_number

# Whole answers that say there is none, in lower case without marks around them.
NO_ANSWERS = frozenset(
    ["sorry", "apologies", "my apologies", "n/a", "i don't know", "i do not know", "i refuse"]
)
# Only what refuses the request: "I can't believe it" and "Sorry, said Tom" may open a story.
REFUSAL = re.compile(
    r"i'?m (?:very )?sorry\b|i am (?:very )?sorry\b|sorry, (?:but )?i\b|i apologi[sz]e\b|"
    r"(?:my )?apologies, but\b|as an (?:ai|a\.i\.|artificial intelligence)(?!\w)|"
    r"as a (?:large )?language model\b|"
    r"(?:unfortunately, |regrettably, |i'?m afraid (?:that )?)?i(?:"
    r" (?:must|have to) (?:decline|refuse)\b| (?:decline|refuse) to\b|"
    r" (?:don't|do not) have (?:any )?personal\b|"
    r"(?: (?:cannot|can not|can'?t|won'?t|will not)|(?:'?m| am) (?:unable|not able|not going) to)"
    r"(?:\W*$| (?:help (?:you|with)\b|(?:help|do (?:that|this|so))(?:\W*$|[.;!])|"
    r"(?:assist|answer|provide|predict|continue|complete|comply|fulfill?|generate)\b)))"
)
OPENINGS = (
    "i",
    "im",
    "sorry",
    "apologies",
    "my apologies",
    "as a",
    "as an",
    "unfortunately",
    "regrettably",
)
"""what REFUSAL begins with"""
OPENED = re.compile(rf"(?:{'|'.join(OPENINGS)})\b")


def may_be_refusal(opening: str) -> bool:
    """Whether an answer that begins with `opening`, nothing read after it yet, may be a refusal."""
    bare = unmarked(one_form(opening).lower())
    known = (*NO_ANSWERS, *OPENINGS)
    return bool(OPENED.match(bare)) or any(words.startswith(bare) for words in known)


def behavior_compliance(response: str, family: str, options: Sequence[str] = ()) -> str | None:
    """Why an answer does not comply; None where it does.

    blank, refusal, not_an_option where there are options, not_a_number where one is asked for.
    """
    said = one_form(response).strip().lower()
    if not said:
        return "blank"
    if family in ("multiple_choice", "values"):
        return None if choice_letter(response, options) else "not_an_option"
    if family == "number":
        return None if leading_number(response) else "not_a_number"
    return "refusal" if unmarked(said) in NO_ANSWERS or REFUSAL.match(said) else None
