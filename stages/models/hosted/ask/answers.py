"""Answers: what the study reads of a reply, cut where a local model would have been stopped.

A server writes on where a local model is stopped, since nothing that is asked can change any
more. So the text is gone through token by token, as a local answer grows
(stages.models.local.ask.generate): response and finish_reason are then those of the same model
run locally. Where the server gives no tokens it is gone through by characters.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from stages.models.chat.thoughts import CLOSES
from stages.models.hosted.ask.closed import shares
from stages.models.hosted.ask.replies import NEAR_TIE, Reply, Scored
from stages.models.questions import Answer, Meter, Question

DIGITS = 4  # of a log-probability
OPENS = re.compile(
    r"(?i)\s*(<|\[|◁)(think|thinking|thought|reasoning)(>|\]|▷)|\s*<\|START_THINKING"
)
Bare = tuple[str, list[Scored] | None]
"""a text, and its tokens, which end at bytes of it"""


def answer(reply: Reply, question: Question, stop: tuple[str, ...], strips: bool) -> Answer:
    """The answer to a question; `strips`: a thought may stand before it that no mark opened."""
    (text, tokens), thought = _bare(reply, strips)
    said, finish, used = _grown(text, tokens, reply.finish_reason, question, stop)
    scored = [] if tokens is None else tokens[:used]
    logprobs = [logprob for _, logprob, _ in scored]
    found = Answer(
        said,
        finish,
        logprobs[0] if logprobs else None,
        round(sum(logprobs), DIGITS) if logprobs else None,
        any(tie for *_, tie in scored),
        None if thought else shares(question.closed, reply.top),
        meter=reply.meter,
    )
    return _scored(found) if question.score_only and found.distribution else found


def no_answer(finish_reason: str, meter: Meter) -> Answer:
    """What stands in place of an answer that could not be had."""
    return Answer("", finish_reason, None, None, False, None, meter=meter)


def _scored(found: Answer) -> Answer:
    """The most probable answer of a closed set, in place of what was said."""
    ranked = sorted((found.distribution or {}).items(), key=lambda pair: -pair[1])
    (best, most), *others = ranked
    if most <= 0:
        return found
    logprob = round(math.log(most), DIGITS)
    tie = any(p > 0 and math.log(most) - math.log(p) < NEAR_TIE for _, p in others)
    return replace(
        found,
        text=best,
        finish_reason="scored",
        first_token_logprob=logprob,
        logprob=logprob,
        near_tie=tie,
    )


def _bare(reply: Reply, strips: bool) -> tuple[Bare, bool]:
    """The text without its thought, and whether there was one; a thought alone leaves nothing.

    Tokens of blanks that follow a thought are its own, as they are of a local model's.
    """
    text, tokens = reply.text, reply.tokens
    opened = OPENS.match(text) is not None
    if not opened and not strips:
        return (text, tokens), False
    ends = [found.end() for closes, _ in CLOSES for found in closes.finditer(text)]
    if not ends:
        return ("", tokens and []) if opened else (text, tokens), opened
    rest = text[max(ends) :]
    begins = len(text[: max(ends)].encode())
    blank = begins + len(rest[: len(rest) - len(rest.lstrip())].encode())
    left = tokens and [(end - begins, logprob, tie) for end, logprob, tie in tokens if end > blank]
    return (rest, left), True


def _grown(
    text: str,
    tokens: list[Scored] | None,
    finish_reason: str,
    question: Question,
    stop: tuple[str, ...],
) -> tuple[str, str, int | None]:
    """Text and finish_reason of an answer as it would have ended, and how many tokens it took."""
    decided = question.until.decided if question.until else None
    if (decided or stop) and finish_reason in ("stop", "length"):
        whole = len(text.encode())
        for taken, end in _ends(text, tokens):
            last = end >= whole and finish_reason == "length"
            said = text.encode()[:end].decode("utf-8", "replace").lstrip()
            at = _stops_at(said, stop)
            if at is not None:
                return said[:at], "stop", taken
            if not last and decided and decided(_settled(said, stop)):
                return said, "decided", taken
    said = text.lstrip()
    at = _stops_at(said, stop)
    return (said, finish_reason, None) if at is None else (said[:at], "stop", None)


def _ends(text: str, tokens: list[Scored] | None) -> Iterator[tuple[int, int]]:
    """How many tokens end within the text, and where; without tokens, each character ends one."""
    whole = len(text.encode())
    if tokens is not None:
        yield from ((n, end) for n, (end, *_) in enumerate(tokens, 1) if end <= whole)
        return
    end = 0
    for n, character in enumerate(text, 1):
        end += len(character.encode())
        yield n, end


def _stops_at(text: str, stop: tuple[str, ...]) -> int | None:
    """Where the first stop mark of a text begins."""
    return min((at for mark in stop if (at := text.find(mark)) >= 0), default=None)


def _settled(text: str, stop: tuple[str, ...]) -> str:
    """The text without an end that may begin a stop mark, which would take it away."""
    openings = [n for mark in stop for n in range(1, len(mark)) if text.endswith(mark[:n])]
    return text[: len(text) - max(openings, default=0)]
