"""sensitivity_runs: how strong self-knowledge must be to be found, over runs of `sensitivity`.

    python -m stages.sensitivity --model smollm2 --seed 1              # other prompts and trainings
    python -m stages.sensitivity --model smollm2 --seed 1 --dose 0.5   # a copy that is less sure
    python -m stages.sensitivity --model smollm2 --seed 1 --twin       # nothing to find
    python -m stages.sensitivity_runs

Reads all runs in data/sensitivity_runs/ and, for how sure the subjects are of their natural
answers, what M1 did in the main study. Writes docs/sensitivity.json and docs/sensitivity.svg, which
no stage does, and prints the tables of docs/sensitivity.md. `settings` is a digest of the params.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from stages.analysis.rounding import rounded
from stages.analysis.sensitivity import certainty, over_runs
from stages.controls.instilling import RUN, RUNS
from stages.evaluate_sensitivity import RECORDED, look
from stages.params import Params, command, load_params
from stages.reporting.doses import points
from stages.reporting.pictures import svg
from stages.reporting.sections import render
from stages.storage.errors import StudyError
from stages.storage.files import atomic_path, read_json, write_json
from stages.storage.tables import read_columns, read_rows
from stages.study.arms import self_name
from stages.terminal.closing import then, wrote

PICTURE = RECORDED.with_suffix(".svg")
ORDER = ("twin", "dose", "seed")
COLUMNS = ["input_id", "task", "sample", "first_token_logprob"]


@command
def main() -> None:
    params = load_params()
    found = {}
    for model in params.subjects:
        if runs := list(_runs(RUNS / model)):
            found[model] = _together(runs, params) | {"natural": natural(model, params)}
    if not found:
        raise StudyError(
            f"{RUNS}: no runs; make some with `python -m stages.sensitivity --model MODEL --seed N`"
        )
    write_json(RECORDED, {"settings": params.settled()} | found)
    with atomic_path(PICTURE) as partial:
        partial.write_text(svg("sensitivity", list(points(found))), encoding="utf-8")
    click.echo(render("sensitivity_runs.md.j2", models=found))
    wrote(RECORDED, PICTURE)
    then("dvc repro report, which quotes it")


def _runs(folder: Path) -> Iterator[dict[str, Any]]:
    """The numbers of each run of a model, with its seed and dose, and whether it is of twins."""
    finished = [path for path in folder.glob(f"*/{RUN}") if not path.parent.name.startswith(".")]
    runs = [(read_json(path), path.parent) for path in finished]
    for run, study in sorted(runs, key=lambda pair: [pair[0][key] for key in ORDER]):
        if "reason" not in (numbers := look(study)):
            yield run | numbers


def _together(runs: list[dict[str, Any]], params: Params) -> dict[str, Any]:
    """The runs; what those of the whole dose show over seeds, and those of twins."""
    rule = params.evaluate.rule(params.seed)
    whole = [run for run in runs if run["dose"] == 1]
    return rounded(
        {
            "seeds": over_runs([run for run in whole if not run["twin"]], rule),
            "null": over_runs([run for run in whole if run["twin"]], rule),
            "runs": runs,
        }
    )


def natural(model: str, params: Params) -> dict[str, float]:
    """How sure M1 of the main study is of its answers, by held-out task."""
    behavior = read_columns("behavior", f"data/behavior/{self_name(model)}.parquet", COLUMNS)
    found = {}
    for task in params.design.test:
        rows = read_rows("tasks", f"data/tasks/{task}.parquet", split="test")
        if sure := certainty(behavior, {row["input_id"] for row in rows}):
            found[task] = round(sure, 4)
    return found


if __name__ == "__main__":
    main()
