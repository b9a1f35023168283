"""The table of families in docs/add_a_model.md: what a tiny model of each was tried for."""

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from stages.models.local.subject.loading import Subject
from tests.architectures.checks import gradient_error, load, unequal_answers
from tests.architectures.thoughts import handled, kind_of
from tests.conftest import ROOT

PAGE = ROOT / "docs/add_a_model.md"
BEGIN, END = "<!-- families: begin -->", "<!-- families: end -->"
HEAD = (
    "family",
    "loads",
    "shares",
    "sampling equal",
    "gradients equal",
    "thinking",
    "asked",
    "why",
)
GRADIENTS = 2e-5  # of the largest

OWN = "its attention is code of its own, which takes no tree"
STATE = "a state runs through its rows, which takes no tree"
WHY = {
    "llama4_text": "scores grow with the place in a row, which on a tree is not the position",
    "phi3 (longrope)": "positions turn by the length of the row; beyond the switch each token is "
    "a whole forward",
    "qwen3_next": STATE,
    "recurrent_gemma": f"{STATE}; padding would enter it",
    "gpt_neo": OWN,
    "gptj": OWN,
    "codegen": OWN,
    "bloom": OWN,
    "mpt": OWN,
    "falcon": OWN,
    "stablelm": "it hands its attention nothing that a caller gives it, so no tree",
    "lfm2": STATE,
    "mamba": STATE,
    "mamba2": STATE,
    "falcon_mamba": STATE,
    "falcon_h1": STATE,
    "bamba": STATE,
    "jamba": STATE,
    "zamba2": f"{STATE}; with its cache transformers 5.23 computes other logits",
    "xlstm": f"{STATE}; padding would enter it",
    "rwkv": f"{STATE}; in batches transformers 5.23 mixes it up",
}


def row(family: str) -> str:
    """The family's line of the table: yes or no, how it is asked, and why where there is a no."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            subject = load(family, Path(folder))
        except (ValueError, OSError, ImportError) as error:
            return _line([f"`{family}`", "no", *4 * ["-"], "-", str(error).splitlines()[0]])
    sampled = not any(unequal_answers(subject, temperature) for temperature in (0.0, 1.0))
    taught = gradient_error(subject) < GRADIENTS
    kind = kind_of(family)
    said = [True, subject.shares, sampled, taught]
    thinking = "-" if kind is None else f"{_word(handled(kind))}: {kind}"
    found = [f"`{family}`", *map(_word, said), thinking, asked(subject), WHY.get(family, "")]
    return _line(found)


def asked(subject: Subject) -> str:
    """In which way the subject is asked."""
    if subject.shares:
        return "prefix tree"
    if not subject.rows.cached:
        return "each token a whole forward"
    return "padded batches" if subject.rows.padded else "batches of one length"


def written(families: Iterable[str]) -> str:
    """The whole table."""
    return "\n".join([_line(HEAD), _line(["---"] * len(HEAD)), *map(row, families)])


def in_page() -> list[str]:
    """The lines of the table as the page has it."""
    return _between(PAGE.read_text(encoding="utf-8"))[1].strip().splitlines()


def put_in_page(table: str) -> None:
    before, _, after = _between(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def _between(text: str) -> tuple[str, str, str]:
    before, table, after = re.split(f"{BEGIN}|{END}", text)
    return before, table, after


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _word(true: bool) -> str:
    return "yes" if true else "no"
