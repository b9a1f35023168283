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

# Whole answers that say there is none, as `_bare` has them.
NO_ANSWERS = frozenset(["n/a", "n.a", "i don't know", "i do not know", "i refuse"])
# A refusal says "I cannot" of what was asked, or after an apology of anything. An apology alone is
# a whole answer: "I'm sorry to see you go" and "I cannot believe it" may open a story.
I_AM = r"i(?:'?| a)m"
SORRY = rf"(?:{I_AM} (?:\w+ ){{0,2}})?sorry|i (?:\w+ )?apologi[sz]e|(?:my )?apologies"
CANNOT = (
    rf"(?:i (?:cannot|can not|can'?t|won'?t|will not|could not|couldn't)|"
    rf"{I_AM} (?:unable|not able|not going|not allowed) to|"
    r"i (?:(?:must|have to) )?(?:decline|refuse) to)\b"
)
ASKED = (
    r"(?:(?:answer|assist|complete|comply|continue|fulfill?|generate|help|predict|provide)"
    r"(?:$|[.;!]| (?:an?|any|that|the|this|to|with|you|your)\b)|do (?:so|that|this)(?:$|[.;!])|"
    r"$|[.;!])"
)
AI = r"an? (?:(?:ai|a\.i\.|artificial intelligence)(?![\w-])|(?:large )?language model\b)"
REFUSAL = re.compile(
    rf"(?:{SORRY})(?: for (?:any |the |my )?(?:confusion|inconvenience|misunderstanding))?"
    rf"(?:$|[,;.:!]? (?:but )?(?:{CANNOT}|i (?:don't|do not) have\b|as {AI}))|"
    rf"(?:(?:unfortunately|regrettably|sadly|{I_AM} afraid),? (?:that |but )?)?"
    rf"(?:{CANNOT} ?{ASKED}|i (?:must|have to) (?:decline|refuse)(?:$|[.;!])|"
    r"i (?:don't|do not) have (?:any )?personal\b)|"
    rf"as {AI}(?:$|[,.;]| i\b| (?:language )?(?:assistant|model)\b)|"
    rf"{I_AM} (?:just |only )?{AI}[^.!?]*\b(?:can(?:not|'?t)|unable|don't|do not)\b"
)
OPENINGS = (
    *("i", "im", "sorry", "apologies", "my apologies", "as a", "as an"),
    *("unfortunately", "regrettably", "sadly"),
)
"""what REFUSAL begins with"""
OPENED = re.compile(rf"(?:{'|'.join(OPENINGS)})\b")
BLANKS = re.compile(r"[\s*_]+")  # and emphasis


def may_be_refusal(opening: str) -> bool:
    """Whether an answer that begins with `opening`, nothing read after it yet, may be a refusal."""
    bare = _bare(opening)
    known = (*NO_ANSWERS, *OPENINGS)
    return bool(OPENED.match(bare)) or any(words.startswith(bare) for words in known)


def behavior_compliance(response: str, family: str, options: Sequence[str] = ()) -> str | None:
    """Why an answer does not comply; None where it does.

    blank, refusal, not_an_option where there are options, not_a_number where one is asked for.
    """
    if not one_form(response).strip():
        return "blank"
    if family in ("multiple_choice", "values"):
        return None if choice_letter(response, options) else "not_an_option"
    if family == "number":
        return None if leading_number(response) else "not_a_number"
    said = _bare(response)
    return "refusal" if said in NO_ANSWERS or REFUSAL.match(said) else None


def _bare(text: str) -> str:
    """A text for patterns: in lower case, no marks around it, plain blanks, without emphasis."""
    return unmarked(BLANKS.sub(" ", one_form(text).lower()))
