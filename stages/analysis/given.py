"""Predictions from a file: what a person or another system answered, as one more arm.

Each row of the file has a property, an answer and an input: its `input_id`, or its text as `input`.
`target` says whom the answer is about; without that column it is about every subject. Answers are
read as those of models are, and a row without one counts as missing.
"""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stages.analysis.averages import accuracy, corrected_accuracy, difference, means
from stages.analysis.columns import groups, select
from stages.analysis.dealt import with_dealt_out
from stages.analysis.rule import Rule
from stages.storage.errors import StudyError
from stages.storage.readers import read_rows, row_format
from stages.storage.readers.opening import FileRow
from stages.storage.tables import Row
from stages.study.arms import CROSS, GIVEN, SELF
from stages.study.design import Design
from stages.study.prompts import asked_properties
from stages.study.properties import PROPERTIES
from stages.study.section import listed
from stages.study.splits import is_scored

log = logging.getLogger(__name__)

NEEDED = ("property", "answer")
NAMED = 3  # missing answers that are named
Place = tuple[str, str, str]
"""(target, input_id, property)"""


def given_answers(name: str, path: Path, inputs: Mapping[str, Row], design: Design) -> pd.DataFrame:
    """The predictions of a file: those of `predictions`, with target and predictor.

    `inputs` are the tasks rows by input_id. What is asked of a target and has no answer is logged.
    Raises StudyError that names the row where one is about nothing that is asked, or two are about
    the same.
    """
    held_out = _HeldOut(inputs, design)
    found: dict[Place, Row] = {}
    places: dict[Place, str] = {}
    # Of parquet no other column than those that are wanted is read, and these are not all needed.
    columns = None if row_format(path.name) == ".parquet" else NEEDED
    for row in read_rows(path, columns):
        if lacks := [name for name in NEEDED if name not in _values(row)]:
            raise StudyError(f"{row.place}: it has no column {lacks[0]!r}")
        if (answer := _text(row, "answer")) is None:
            continue
        key = held_out.input_of(row)
        prop = held_out.property_of(row, key)
        parsed, compliant = PROPERTIES[prop].parse_answer(answer)
        for target in held_out.targets(row):
            place = target, key, prop
            if place in found:
                raise StudyError(
                    f"{row.place}: {prop} of input {key} about {target} was answered in "
                    f"{places[place]} already; one answer is allowed"
                )
            places[place] = row.place
            found[place] = {
                "target": target,
                "predictor": name,
                "kind": GIVEN,
                "input_id": key,
                "task": inputs[key]["task"],
                "property": prop,
                "answer": parsed,
                "compliant": compliant,
            }
    if not found:
        raise StudyError(f"{path}: no row has an answer; fill in its column 'answer'")
    _tell_missing(path, found, held_out.asked)
    return pd.DataFrame(list(found.values())).astype({"answer": object, "compliant": bool})


def given_numbers(rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """The numbers of each file about one target, by its name, on the rows that it answers.

    `minus_self` and `minus_cross` are how much it is ahead of these on the same rows.
    """
    arms = {kind: select(rows, kind=kind) for kind in (SELF, CROSS)}
    return {
        name: {
            "accuracy": accuracy(own, rule)._asdict(),
            "corrected": corrected_accuracy(own, rule)._asdict(),
            "dealt_out": of["dealt_out"],
            "mode": of["mode_correct"],
            "compliance": of["compliant"],
            **{
                f"minus_{kind}": difference(own, other, rule)._asdict()
                for kind, other in arms.items()
            },
        }
        for (name,), given in groups(select(rows, kind=GIVEN), "predictor")
        for own in [with_dealt_out(given)]
        for of in [means(own, rule, "dealt_out", "mode_correct", "compliant")]
    }


class _HeldOut:
    """The inputs that are scored, and what is asked about each."""

    def __init__(self, inputs: Mapping[str, Row], design: Design) -> None:
        self.design = design
        self.rows = {key: row for key, row in inputs.items() if is_scored(row)}
        self.asked = {
            key: asked_properties(row, design.properties) for key, row in self.rows.items()
        }
        self.by_text: dict[str, list[str]] = {}
        for key, row in self.rows.items():
            self.by_text.setdefault(row["input"], []).append(key)

    def input_of(self, row: FileRow) -> str:
        """The input_id of a row; raises StudyError where there is no such input, or two."""
        if (key := _text(row, "input_id")) is not None:
            if key not in self.rows:
                raise StudyError(
                    f"{row.place}: input_id {key[:40]!r} is none of the inputs of held-out tasks "
                    "that are scored; `python -m stages.questions` writes a table of them"
                )
            return key
        text = _text(row, "input")
        if text is None:
            raise StudyError(f"{row.place}: it has neither an input_id nor the text of an input")
        keys = self.by_text.get(text, [])
        if len(keys) != 1:
            raise StudyError(
                f"{row.place}: {len(keys)} of the inputs that are scored have the text "
                f"{text[:60]!r}; one is needed, or its input_id"
            )
        return keys[0]

    def property_of(self, row: FileRow, key: str) -> str:
        """The property of a row; raises StudyError where it is not asked about the input."""
        name = _text(row, "property") or ""
        if name not in self.asked[key]:
            raise StudyError(
                f"{row.place}: property {name[:40]!r} is not asked about input {key}; "
                f"allowed: {listed(self.asked[key], name)}"
            )
        return name

    def targets(self, row: FileRow) -> Iterable[str]:
        """Whom a row is about: all subjects where it does not say."""
        target = _text(row, "target")
        if target is None:
            return self.design.subjects
        if target not in self.design.subjects:
            raise StudyError(
                f"{row.place}: target {target[:40]!r} is no subject; "
                f"allowed: {listed(self.design.subjects, target)}"
            )
        return [target]


def _values(row: FileRow) -> dict[str, Any]:
    if row.values is None:
        raise StudyError(f"{row.place}: {row.problem}")
    return row.values


def _text(row: FileRow, column: str) -> str | None:
    """What a row has in a column, as text; None where it is blank, missing or NaN."""
    value = _values(row).get(column)
    if value is None or value != value:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if not isinstance(value, str):
        raise StudyError(f"{row.place}: column {column!r}: a {type(value).__name__} is no text")
    return value if value.strip() else None


def _tell_missing(
    path: Path, found: Mapping[Place, Row], asked: Mapping[str, Iterable[str]]
) -> None:
    every = [(key, name) for key, names in asked.items() for name in names]
    for target in dict.fromkeys(target for target, _, _ in found):
        missing = [f"{n} of {key}" for key, n in every if (target, key, n) not in found]
        if missing:
            more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
            log.warning(
                f"{path}: {len(missing)} of {len(every)} answers about {target} are missing, and "
                f"scored are the others: {', '.join(missing[:NAMED])}{more}"
            )
