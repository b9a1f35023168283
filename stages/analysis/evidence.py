"""The tables that evaluate reads, together: which there are follows from params, never a folder."""

import json
from dataclasses import dataclass
from pathlib import Path

from stages.params import Params
from stages.storage.tables import Row, TableError, read_table


@dataclass(frozen=True)
class Evidence:
    """What every subject did and said, as read from `data/`."""

    inputs: dict[str, Row]
    """tasks rows by input_id"""
    base: dict[str, list[Row]]
    """model -> behavior of M"""
    trained: dict[str, list[Row]]
    """target -> behavior of M1"""
    predictions: dict[tuple[str, str], list[Row]]
    """(predictor, target) -> predictions"""
    cross_datasets: dict[str, list[Row]]
    """target -> the rows that its cross-predictors are trained on"""
    training: dict[str, dict]
    """adapter -> train_log.json"""


def read_evidence(params: Params, data: Path) -> Evidence:
    """Read all tables; raises TableError that names the file where one is missing or wrong."""
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
        cross_datasets={
            t: read_table("datasets", data / "datasets" / f"{t}-cross.parquet") for t in subjects
        },
        training={name: _log(data / "adapters" / name / "train_log.json") for name in adapters},
    )
    _check_inputs(evidence, data)
    return evidence


def _log(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TableError(f"{path}: no such file; run `dvc repro` to make it") from None
    except ValueError as error:
        raise TableError(f"{path}: not JSON: {error}") from None


def _check_inputs(evidence: Evidence, data: Path) -> None:
    tables = {f"behavior/{model}": rows for model, rows in evidence.base.items()}
    tables |= {f"behavior/{target}-self": rows for target, rows in evidence.trained.items()}
    tables |= {f"predictions/{p}-on-{t}": rows for (p, t), rows in evidence.predictions.items()}
    for name, rows in tables.items():
        for row in rows:
            if row["input_id"] not in evidence.inputs:
                raise TableError(
                    f"{data / name}.parquet: input_id {row['input_id']!r} of task {row['task']} is "
                    "in no tasks table; run `dvc repro` so that both come from the same params"
                )
