"""What was asked and came back, in words: prompts, behaviors and answers of the scored rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stages.reporting.palette import is_baseline
from stages.storage.errors import StudyError
from stages.storage.tables import Row, read_rows
from stages.study.arms import GIVEN, pair_name, self_name
from stages.study.design import Design
from stages.study.prompts import begun_text, object_text


@dataclass(frozen=True)
class Said:
    """A question in words, and the whole answer to it."""

    question: str
    answer: str


@dataclass(frozen=True)
class Asked:
    """By input_id; what is of no training seed is of each."""

    data: Path
    prompts: Mapping[str, str]
    behaviors: Mapping[tuple[str, int | None, str], str]
    """(target, seed, input_id) -> what M1 answered"""
    answers: Mapping[tuple[str, str, str, int | None, str, str], Said]
    """(predictor, target, kind, seed, input_id, property) -> what the arm said"""

    def behavior(self, target: str, seed: int, key: str) -> str:
        """What the target answered to an input. Raises StudyError where it was not asked."""
        for of in (seed, None):
            if (target, of, key) in self.behaviors:
                return self.behaviors[target, of, key]
        path = f"{self.data}/behavior/{self_name(target)}.parquet"
        raise StudyError(f"{path}: input {key} is scored, but is not in it; run `dvc repro`")

    def said(self, row: Row) -> Said | None:
        """What the arm of a score row said; None of a baseline and of given answers.

        Raises StudyError where the arm was scored and did not say anything.
        """
        kind, predictor, target = row["kind"], row["predictor"], row["target"]
        if is_baseline(kind) or kind == GIVEN:
            return None
        place = (row["input_id"], row["property"])
        for seed in (row["seed"], None):
            if (found := self.answers.get((predictor, target, kind, seed, *place))) is not None:
                return found
        path = f"{self.data}/predictions/{pair_name(predictor, target)}.parquet"
        raise StudyError(
            f"{self.data}/scores.parquet: {place[1]} of input {place[0]} is scored, but is not in "
            f"{path}; run `dvc repro`"
        )


def read_asked(data: Path, design: Design, keys: list[str]) -> Asked:
    """What was asked about inputs, by their ids. Raises StudyError where a table is missing."""
    prompts = {
        row["input_id"]: _prompt(row)
        for task in design.test
        for row in read_rows("tasks", data / "tasks" / f"{task}.parquet", input_id=keys)
    }
    behaviors = {
        (target, row["seed"], row["input_id"]): row["response"]
        for target in design.subjects
        for row in read_rows(
            "behavior", data / f"behavior/{self_name(target)}.parquet", input_id=keys, sample=0
        )
    }
    return Asked(data, prompts, behaviors, dict(_answers(data, design, keys)))


def _prompt(row: Row) -> str:
    begun = begun_text(row["object_prompt"])
    asked = object_text(row["object_prompt"])
    return f"{asked}\nThe answer was begun: {begun}" if begun else asked


def _answers(
    data: Path, design: Design, keys: list[str]
) -> Iterator[tuple[tuple[str, str, str, int | None, str, str], Said]]:
    for target in design.subjects:
        for predictor in design.predictors(target):
            path = data / "predictions" / f"{pair_name(predictor, target)}.parquet"
            for row in read_rows("predictions", path, input_id=keys, shown=False):
                question = "\n".join(message["content"] for message in row["question"])
                place = (row["seed"], row["input_id"], row["property"])
                said = Said(question, row["raw_answer"])
                yield (predictor, target, row["kind"], *place), said
