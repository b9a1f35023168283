"""The tables that evaluate reads, together: which there are follows from params, never a folder."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stages.params import Params
from stages.storage.errors import StudyError
from stages.storage.tables import Row, read_table


@dataclass(frozen=True)
class Evidence:
    """What every subject did and said, as read from `data/`."""

    inputs: dict[str, Row]
    """tasks rows by input_id"""
    base: dict[str, list[Row]]
    """model -> behavior of M"""
    trained: dict[str, list[Row]]
    """target -> behavior of M1, of all training seeds"""
    predictions: dict[tuple[str, str], list[Row]]
    """(predictor, target) -> predictions, of all training seeds"""
    datasets: dict[str, list[Row]]
    """<target>-self, <target>-cross -> the rows that its predictors are trained on"""
    training: dict[str, dict]
    """adapter and seed -> train_log.json"""


def of_seed(rows: list[Row], seed: int) -> list[Row]:
    """The rows of one training seed, and those before any training, which have none."""
    return [row for row in rows if row["seed"] in (None, seed)]


def read_evidence(params: Params, data: Path) -> Evidence:
    """Read all tables; raises StudyError that names the file where one is missing or wrong."""
    subjects = params.subjects
    cells = [(predictor, target) for target in subjects for predictor in subjects]
    adapters = [f"{target}-self" for target in subjects] + [f"{p}-on-{t}" for p, t in cells]
    behavior = data / "behavior"
    evidence = Evidence(
        inputs={
            row["input_id"]: row
            for task in params.tasks.train + params.tasks.test
            for row in read_table("tasks", data / "tasks" / f"{task}.parquet")
        },
        base={m: read_table("behavior", behavior / f"{m}.parquet") for m in subjects},
        trained={t: read_table("behavior", behavior / f"{t}-self.parquet") for t in subjects},
        predictions={
            (p, t): read_table("predictions", data / "predictions" / f"{p}-on-{t}.parquet")
            for p, t in cells
        },
        datasets={
            name: read_table("datasets", data / "datasets" / f"{name}.parquet")
            for t in subjects
            for name in (f"{t}-self", f"{t}-cross")
        },
        training={
            f"{name}/seed-{seed}": _log(
                data / "adapters" / name / f"seed-{seed}" / "train_log.json"
            )
            for name in adapters
            for seed in params.seeds
        },
    )
    _check_inputs(evidence, data)
    return evidence


def _log(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"{path}: no such file; run `dvc repro` to make it") from None
    except ValueError as error:
        raise StudyError(f"{path}: not JSON: {error}") from None


def _check_inputs(evidence: Evidence, data: Path) -> None:
    for name, rows in _tables(evidence):
        for row in rows:
            if row["input_id"] not in evidence.inputs:
                raise StudyError(
                    f"{data / name}.parquet: input_id {row['input_id']!r} of task {row['task']} is "
                    "in no tasks table; run `dvc repro` so that both come from the same params"
                )


def _tables(evidence: Evidence) -> Iterator[tuple[str, list[Row]]]:
    yield from ((f"behavior/{model}", rows) for model, rows in evidence.base.items())
    yield from ((f"behavior/{target}-self", rows) for target, rows in evidence.trained.items())
    yield from ((f"datasets/{name}", rows) for name, rows in evidence.datasets.items())
    for (predictor, target), rows in evidence.predictions.items():
        yield f"predictions/{predictor}-on-{target}", rows
