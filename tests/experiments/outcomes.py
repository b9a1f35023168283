"""Experiments as their commands use them: a run to its rows, rows to numbers, by name."""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from stages.evaluate_experiment import MEASURED
from stages.experiment import main_study
from stages.models.opening import Models
from stages.params import Params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_columns, write_table

BLANK = {
    "predictor": "left",
    "kind": "self",
    "seed": 0,
    "condition": "-",
    "task": "animals_long",
    "answer": None,
    "compliant": True,
    "truth": "-",
    "correct": False,
}
"""what an outcome made by hand has where it says nothing else"""


def ran(experiment: str, target: str, params: Params, cache: Path) -> list[Row]:
    """The outcomes of a target."""
    asked = import_module(f"stages.experiments.{experiment}.run")
    study = main_study(params, Models("experiment"))
    with ResponseCache(cache) as answers:
        return list(asked.run(target, params.told(experiment), study, answers))


def columns(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows as a measure gets them: written as a table and read as columns, with their options."""
    whole = [BLANK | row for row in rows]
    options = [row.pop("options", 0) for row in whole]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "outcomes.parquet"
        write_table("outcomes", whole, path)
        return read_columns("outcomes", path, MEASURED).assign(options=options)


def measured(experiment: str, rows: Iterable[Row], params: Params) -> Any:
    """The numbers of an experiment's metrics file."""
    measure = import_module(f"stages.experiments.{experiment}.measure")
    rule = params.evaluate.rule(params.seed)
    return measure.numbers(columns(rows), params.told(experiment), params.design, rule)
