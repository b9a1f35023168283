"""Analysis of a score table of a million rows in a thousand cells, on one core.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.analysis measure FILE   # what a group runs, alone

Two subjects, 25 held-out tasks and 20 properties are 1,000 cells (target, task, property); in each,
thirteen arms and baselines predict 84 inputs. Answers are random: self is right more often.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from stages.analysis.arms import Scored
from stages.analysis.baselines import CROSS_FITTED, TRAINED_BASELINES
from stages.analysis.breakdown import by_property, by_task
from stages.analysis.rule import Rule
from stages.analysis.subsets import gaps_on_subsets
from stages.analysis.summary import informative_rows, summarise
from stages.storage.tables import read_columns, write_table
from stages.study.arms import fresh_dataset, self_name
from stages.study.design import Design
from stages.study.properties import PROPERTIES

SUBJECTS, TASKS, PROPERTY_COUNT, INPUTS = ("left", "right"), 25, 20, 84
RULE = Rule(seed=0, confidence=0.95, permutations=4999, min_cell_rows=8)
VALUES = 12  # that a property takes
ACCURACY = {"self": 0.5, "fresh_self": 0.45, "cross": 0.4}  # of other arms 0.3
GB = 1e9


def design() -> Design:
    """The study that the table is of."""
    tasks = tuple(f"task_{n:02}" for n in range(TASKS))
    return Design(0, (0,), SUBJECTS, (), tasks, tuple(PROPERTIES)[:PROPERTY_COUNT])


def arms(target: str) -> list[tuple[str, str]]:
    """(predictor, kind) of all that is scored about a target."""
    (other,) = (name for name in SUBJECTS if name != target)
    found = [(target, kind) for kind in ("self", "fresh_self", "untrained")] + [(other, "cross")]
    datasets = fresh_dataset(target), self_name(target)
    found += [(dataset, kind) for dataset in datasets for kind in TRAINED_BASELINES]
    found.append((self_name(target), CROSS_FITTED))
    return found + [(name, "own_behavior") for name in SUBJECTS]


def write_scores(path: Path) -> int:
    """Write the score table; returns its number of rows."""
    draws, study = np.random.default_rng(0), design()
    places = pd.MultiIndex.from_product(
        [study.test, range(INPUTS), study.properties], names=["task", "number", "property"]
    ).to_frame(index=False)
    places["input_id"] = places["task"].str[-2:] + "-" + places["number"].map("{:013}".format)
    values = np.array([f"value {n}" for n in range(VALUES)])
    parts = []
    for target in SUBJECTS:
        did, before, other = draws.integers(0, VALUES, (3, len(places)))
        before = np.where(draws.random(len(places)) < 0.6, did, before)
        behavior = places[["input_id", "task", "property"]].assign(
            target=target,
            seed=0,
            truth=values[did],
            before=values[before],
            mode_answer=values[0],
            mode_correct=did == 0,
            target_logprob=-draws.exponential(0.7, len(places)),
            informative=True,
            trained=True,
        )
        for predictor, kind in arms(target):
            right = draws.random(len(places)) < ACCURACY.get(kind, 0.3)
            own = {target: before}.get(predictor, other) if predictor in SUBJECTS else None
            parts.append(
                behavior.assign(
                    predictor=predictor,
                    kind=kind,
                    answer=np.where(right, behavior["truth"], "another"),
                    compliant=True,
                    correct=right,
                    predictor_own_behavior=None if own is None else values[own],
                    agree=None if own is None else own == did,
                )
            )
    return write_table("scores", pd.concat(parts, ignore_index=True), path)


def measure(path: Path) -> dict[str, float]:
    """Seconds of processor time of each part, and the peak memory of this process in GB."""
    study, seconds = design(), {}
    rows = excluded = pd.DataFrame(columns=["target", "seed", "task", "property", "excluded"])
    jobs: dict[str, Callable[[], object]] = {
        "reading": lambda: read_columns("scores", path),
        "summarise": lambda: summarise(rows, RULE, study),
        "by_task": lambda: by_task(Scored(rows, rows, excluded), [], [], {}, RULE),
        "by_property": lambda: by_property(rows, RULE),
        "subsets": lambda: gaps_on_subsets(informative_rows(rows), RULE, study),
    }
    for name, job in jobs.items():
        start = time.process_time()
        found = job()
        seconds[name] = time.process_time() - start
        if isinstance(found, pd.DataFrame):
            rows = found
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    memory = int(status.split("VmHWM:")[1].split()[0]) * 1024 / GB
    return seconds | {"all": sum(seconds.values()), "memory": memory}


def evaluate() -> list[tuple[str, float, str]]:
    """Figures of one process of one thread: seconds, and GB at its peak."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.parquet"
        count = write_scores(path)
        command = [sys.executable, "-m", "tests.benchmarks.analysis", "measure", str(path)]
        alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        run = subprocess.run(
            command, env=os.environ | alone, stdout=subprocess.PIPE, text=True, check=True
        )
    found = json.loads(run.stdout)
    memory = found.pop("memory")
    checked = f"{count:,} rows, {RULE.permutations} permutations; processor time of one thread"
    lines = [(f"evaluate_{name}_seconds", value, checked) for name, value in found.items()]
    return [*lines, ("evaluate_peak_memory_gb", memory, "of the whole process")]


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[2]))))
