"""The published compliance checks: which labels an answer gets for not complying.

What the project itself counts as compliant is in stages/study/compliance.py. A check that cannot
be made of what is no text counts as passed, as published; those marked `total` can be made of
everything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stages.published.accuracies import cleaned


@dataclass(frozen=True)
class Check:
    """`fails(answer)` gives the answer the label. `total`: an answer that is no text fails."""

    label: str
    fails: Callable[[str], bool]
    total: bool = False


def _is(label: str, *words: str) -> Check:
    """The whole answer, cleaned, is one of the words."""
    return Check(label, lambda answer: cleaned(answer) in words)


def _raw(label: str, *texts: str) -> Check:
    return Check(label, lambda answer: answer in texts)


def _has(label: str, *parts: str) -> Check:
    return Check(label, lambda answer: any(part in answer.lower() for part in parts))


def _none_of(label: str, *words: str) -> Check:
    """The whole answer, cleaned, is none of the words."""
    return Check(label, lambda answer: cleaned(answer) not in words, total=True)


def _letters(answer: str) -> int:
    return len(cleaned(answer))


def _is_choice(answer: str) -> bool:
    return len(cleaned(answer)) == 1 and cleaned(answer) in "abcdefghijklmnopqrstuvwxyz"


ONE_WORD = Check("not_single_word", lambda answer: len(answer.split()) > 1)
SORRY = _is("sorry", "sorry")
REFUSAL = [
    SORRY,
    _is("impossible", "impossible"),
    _is("unanswerable", "unanswerable"),
    _is("unpredictable", "unpredictable", "indeterminate"),
    _is("unrelated", "unrelated"),
    _is("unable", "unable", "cannot", "i cannot", "can not"),
    _is("unknown", "unknown", "i do not know"),
    _is("unidentifiable", "unidentifiable"),
    _is("undefined", "undefined"),
    _is("unavailable", "unavailable"),
    _is("insufficient", "insufficient"),
    _is("no", "no", "nope"),
    _is("na", "na"),
    _is("random", "random", "randomness"),
    _raw("empty", "", " ", "  "),
    _raw("question_mark", "?", " ?", "???"),
    _has("sorry_in_string", "sorry", "apolog"),
]
SYSTEM = _is("system", "system")
DEFAULT = [
    Check("NaN", lambda answer: False, total=True),
    *REFUSAL,
    _has("as_an", "as an ai", "as an artificial intelligence", "as a language model"),
    _is("item", "item"),
    _is("next", "next"),
    _is("sequence", "sequence"),
    SYSTEM,
    Check("cauchy", lambda answer: answer.lower().count("cauchy") > 1),
]
SENTENCE = Check(
    "sentence_response", lambda answer: answer.endswith(".") and len(answer.split()) > 1
)
GROUPS: dict[str, list[Check]] = {
    "default": DEFAULT,
    "base_model_fails": [SYSTEM],
    "single_word": [ONE_WORD, SORRY],
    "refusal": [ONE_WORD, *REFUSAL, SENTENCE],
    "numeric": [Check("not_number", lambda answer: not answer.isnumeric())],
    "more_than_1_character": [Check("single_character", lambda answer: _letters(answer) == 1)],
    "sentiment": [_none_of("not_sentiment", "positive", "negative", "neutral")],
    "lexical_category": [
        _none_of(
            "lexical_category",
            "noun",
            "verb",
            "adjective",
            "adverb",
            "pronoun",
            "preposition",
            "conjunction",
            "interjection",
            "gerund",
        )
    ],
    "kiki_bouba": [_none_of("kiki_bouba", "kiki", "bouba")],
    "true_false": [_none_of("not_true_false", "true", "false")],
    "yes_no": [_none_of("not_yes_no", "yes", "no")],
    "even_odd": [_none_of("not_even_odd", "even", "odd")],
    # The second word is misspelt in the published code, so that the right spelling fails.
    "sympathetic": [_none_of("not_sympathetic", "sympathetic", "unsymphathetic")],
    "single_character": [
        Check("not_single_character", lambda answer: _letters(answer) != 1, total=True)
    ],
    "multiple_choice": [
        Check("not_multiple_choice_answer", lambda answer: not _is_choice(answer), total=True)
    ],
}


def published_compliance(answer: Any, groups: Sequence[str]) -> bool | list[str]:
    """True where no check of the groups fails, else the labels of those that do, in order.

    "all" is every group. Raises ValueError for an unknown group.
    """
    labels = []
    for group in GROUPS if "all" in groups else groups:
        if group not in GROUPS:
            raise ValueError(f"{group!r} is no group; allowed: all, {', '.join(GROUPS)}")
        for check in GROUPS[group]:
            if check.fails(answer) if isinstance(answer, str) else _no_text(check, answer):
                labels.append(check.label)
    return labels or True


def _no_text(check: Check, answer: Any) -> bool:
    return check.total and (check.label != "NaN" or answer is None or answer != answer)
