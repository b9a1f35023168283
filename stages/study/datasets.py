"""The rows that predictors are trained on: hypothetical questions with what was really done.

Answers that do not comply with the object-level prompt are left out and counted.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stages.study.compliance import behavior_compliance
from stages.study.prompts import Person, asked_properties, question_on
from stages.study.properties import property_value
from stages.study.splits import is_held_back, rng

Row = dict[str, Any]


def dataset_rows(
    inputs: Mapping[str, Row],
    answers: Iterable[Row],
    properties: Sequence[str],
    *,
    person: Person,
    seed: int,
    held_back: float,
) -> tuple[list[Row], Counter[str]]:
    """Rows of one task and training seed, and why answers were left out (reason or property).

    Where an input was sampled n times, each label that occurred is a row whose weight is its
    share of the samples. `held_back` is the share of inputs that are not trained on.
    """
    rows: list[Row] = []
    left_out: Counter[str] = Counter()
    by_input: dict[str, list[Row]] = {}
    for answer in answers:
        by_input.setdefault(answer["input_id"], []).append(answer)
    for key, samples in sorted(by_input.items()):
        item = inputs[key]
        part = "held_back" if is_held_back(seed, key, held_back) else "train"
        reasons = [
            behavior_compliance(s["response"], item["family"], options=item["options"])
            for s in samples
        ]
        left_out.update(reason for reason in reasons if reason)
        compliant = [s for s, reason in zip(samples, reasons, strict=True) if not reason]
        for name in asked_properties(item, properties):
            labels = _labels(item, compliant, name)
            left_out[f"no {name}"] += len(compliant) - labels.total()
            rows += [
                {
                    "input_id": key,
                    "task": item["task"],
                    "property": name,
                    "question": question_on(item, name, person),
                    "label": label,
                    "weight": count / labels.total(),
                    "slice": part,
                    "shown": False,
                }
                for label, count in sorted(labels.items())
            ]
    return rows, +left_out


def _labels(item: Row, samples: Iterable[Row], name: str) -> Counter[str]:
    """How often each value of a property occurs in the samples of an input."""
    values = (
        property_value(
            name,
            sample["response"],
            item["family"],
            options=item["options"],
            trait_option=item["trait_option"],
        )
        for sample in samples
    )
    return Counter(value for value in values if value)


def scrambled(rows: list[Row], seed: int) -> list[Row]:
    """The rows of a task with the labels of each property dealt out anew, by (seed, input)."""

    def turn(row: Row, what: str) -> float:
        return rng(seed, what, row["property"], row["input_id"], row["label"]).random()

    cells: dict[str, list[Row]] = {}
    for row in rows:
        cells.setdefault(row["property"], []).append(row)
    dealt: dict[int, str] = {}
    for cell in cells.values():
        givers = sorted(cell, key=lambda row: turn(row, "give"))
        takers = sorted(cell, key=lambda row: turn(row, "take"))
        dealt |= {id(r): g["label"] for r, g in zip(takers, givers, strict=True)}
    return [row | {"label": dealt[id(row)]} for row in rows]


def chat_line(row: Row) -> str:
    """A row in the chat format of the OpenAI fine-tuning API."""
    messages = [*row["question"], {"role": "assistant", "content": row["label"]}]
    return json.dumps({"messages": messages}, ensure_ascii=False) + "\n"


class DatasetReport:
    """Counts for a reader, taken as the rows pass: rows, exclusions, labels, duplicates.

    Lessons are counted apart, and in no other number.
    """

    def __init__(self) -> None:
        self.rows = self.train_rows = self.lessons = 0
        self.excluded: dict[str, Counter[str]] = {}
        self._labels: dict[str, Counter[str]] = {}
        self._questions: Counter[tuple[int | None, str]] = Counter()

    def leave_out(self, task: str, reasons: Counter[str]) -> None:
        """Count answers of a task that give no row."""
        self.excluded.setdefault(task, Counter()).update(reasons)

    def add(self, row: Row) -> None:
        """Count a row."""
        if row["shown"]:
            self.lessons += 1
            return
        self.rows += 1
        self.train_rows += row["slice"] == "train"
        cell = f"{row['task']}.{row['property']}"
        self._labels.setdefault(cell, Counter())[row["label"]] += 1
        self._questions[row["seed"], chat_line(row)] += 1

    @property
    def left_out(self) -> int:
        """How many answers or values were left out."""
        return sum(reasons.total() for reasons in self.excluded.values())

    def numbers(self) -> dict[str, Any]:
        """All counts; of each cell the five most common labels."""
        return {
            "rows": self.rows,
            "train_rows": self.train_rows,
            "lesson_rows": self.lessons,
            "duplicate_rows": sum(count - 1 for count in self._questions.values()),
            "excluded": {t: dict(sorted(found.items())) for t, found in self.excluded.items()},
            "labels": {
                cell: {
                    "rows": counts.total(),
                    "distinct": len(counts),
                    "top": counts.most_common(5),
                }
                for cell, counts in self._labels.items()
            },
        }
