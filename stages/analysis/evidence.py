"""The tables that evaluate reads, together: which there are follows from params, never a folder.

But for embeddings, which controls and copies have not: they are read where they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.columns import select
from stages.analysis.given import given_answers
from stages.storage.errors import StudyError
from stages.storage.files import read_json
from stages.storage.tables import Row, read_columns, read_rows
from stages.study.arms import (
    LOG,
    fresh_dataset,
    pair_name,
    self_name,
    subject_name,
    was_trained,
)
from stages.study.design import Design

BEHAVIOR_COLUMNS = ("input_id", "task", "sample", "response", "first_token_logprob", "seed")
DATASET_COLUMNS = ("input_id", "task", "property", "label", "weight", "slice", "shown", "seed")
PREDICTION_COLUMNS = (
    "kind",
    "input_id",
    "task",
    "property",
    "answer",
    "compliant",
    "shown",
    "seed",
)


@dataclass(frozen=True)
class Evidence:
    """What every subject did and said, as read from `data/`."""

    inputs: dict[str, Row]
    """tasks rows by input_id, of all tasks and parts"""
    base: dict[str, pd.DataFrame]
    """model -> behavior of M"""
    trained: dict[str, pd.DataFrame]
    """target -> behavior of M1, of all training seeds"""
    predictions: dict[tuple[str, str], pd.DataFrame]
    """(predictor, target) -> predictions, of all training seeds; pilot rows are shown answers"""
    datasets: dict[str, pd.DataFrame]
    """<target>-self, <target>-fresh -> ordinary questions with labels, which cross has as fresh"""
    training: dict[str, dict[str, Any]]
    """<adapter>/seed-N -> train_log.json"""
    given: dict[str, pd.DataFrame] = field(default_factory=dict)
    """name of a file of answers -> its predictions, of all targets"""
    embeddings: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    """model -> input_id -> what it makes of an input that is trained on or scored

    Empty of a model that tells none; no entry of one that was not asked to.
    """

    def was_trained(self, adapter: str, seed: int) -> bool:
        """Whether there was such a training; none of models that are taught by examples alone."""
        return was_trained(self.training[subject_name(adapter, seed)])


def of_seed(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The rows of one training seed, and those before any training, which have none."""
    return rows[rows["seed"].isna() | rows["seed"].eq(seed)]


def read_evidence(
    design: Design,
    data: Path,
    given: Mapping[str, Path] = MappingProxyType({}),
    targets: Sequence[str] | None = None,
) -> Evidence:
    """Read them below the folder `data`, and the files of `given` by the names of who gave them.

    About `targets` alone, where only their behavior was predicted, else about all subjects. Raises
    StudyError that names the file where one is missing or wrong.
    """
    subjects = design.subjects
    targets = subjects if targets is None else targets
    inputs = {
        row["input_id"]: row
        for task in design.tasks
        for row in read_rows("tasks", data / "tasks" / f"{task}.parquet")
    }

    def read(kind: str, name: str, columns: Sequence[str]) -> pd.DataFrame:
        path = data / kind / f"{name}.parquet"
        rows = read_columns(kind, path, columns)
        _check_inputs(rows, inputs, path)
        return rows

    return Evidence(
        inputs=inputs,
        base={m: read("behavior", m, BEHAVIOR_COLUMNS) for m in subjects},
        trained={t: read("behavior", self_name(t), BEHAVIOR_COLUMNS) for t in targets},
        datasets={
            name: select(read("datasets", name, DATASET_COLUMNS), shown=False)
            for t in targets
            for name in (self_name(t), fresh_dataset(t))
        },
        predictions={
            (p, t): read("predictions", pair_name(p, t), PREDICTION_COLUMNS)
            for t in targets
            for p in subjects
        },
        training={
            subject: read_json(data / "adapters" / subject / LOG)
            for subject in _trained_subjects(design, targets)
        },
        given={name: given_answers(name, path, inputs, design) for name, path in given.items()},
        embeddings={
            model: _embeddings(path)
            for model in subjects
            if (path := data / "embeddings" / f"{model}.parquet").is_file()
        },
    )


def _embeddings(path: Path) -> dict[str, np.ndarray]:
    rows = read_columns("embeddings", path)
    return dict(zip(rows["input_id"].astype(str), rows["values"], strict=True))


def _trained_subjects(design: Design, targets: Sequence[str]) -> Iterator[str]:
    adapters = [self_name(target) for target in targets]
    adapters += [pair_name(p, t) for t in targets for p in design.subjects]
    return (subject_name(adapter, seed) for adapter in adapters for seed in design.seeds)


def _check_inputs(rows: pd.DataFrame, inputs: dict[str, Row], path: Path) -> None:
    unknown = ~rows["input_id"].isin(list(inputs))
    if unknown.any():
        row = rows[unknown].iloc[0]
        raise StudyError(
            f"{path}: input_id {row['input_id']!r} of task {row['task']} is in no tasks table; run "
            "`dvc repro` so that both come from the same params"
        )
