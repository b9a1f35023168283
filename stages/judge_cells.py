"""judge_cells: which cells count, by pilot rows alone, before any scored row is looked at.

    python -m stages.judge_cells

Writes data/cells.parquet: a row for each target, held-out task and property with the variety and
compliance of M1's pilot answers, what each trained arm gets where the answer is shown, whether the
cell is used, or why not. It prints the same; then for each target and held-out task how sure M is
on pilot inputs and how much of its answers M1 keeps there, and for each training its accuracy on
the train rows that were held back from it, beside their mode. It prints nothing of the scored rows,
so `dvc repro judge_cells` is how settings are tried.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from stages.analysis.cells import judge, used_cells
from stages.analysis.pilot import pilot_answers, read_pilot
from stages.params import command, load_params
from stages.storage.tables import Row, write_table
from stages.study.arms import Arm

TITLES = ("target", "task", "property", "rows", "comply", "mode", "ceilings (mode)", "")
ANSWERS = ("target", "task", "inputs", "certainty", "kept", "first word kept")
TRAININGS = ("target", "predictor", "kind", "seed", "held back", "mode", "over it")


@command
def main() -> None:
    params = load_params()
    pilot = read_pilot(params.design, Path("data"))
    rows = judge(pilot, params.design, params.evaluate.limits)
    write_table("cells", rows, "data/cells.parquet")
    answers = [_answers(row) for row in pilot_answers(pilot, params.design)]
    trainings = [_training(arm, log) for arm, log in pilot.logs.items()]
    tables = (TITLES, [*map(_line, rows)]), (ANSWERS, answers), (TRAININGS, trainings)
    for titles, lines in tables:
        click.echo("\n".join([*table(titles, lines), ""]))
    click.echo("\n".join(totals(rows)))


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows in columns, below their titles."""
    lines = [titles, *rows]
    *widths, _ = (max(map(len, column)) for column in zip(*lines, strict=True))
    for line in lines:
        yield "  ".join(text.ljust(width) for text, width in zip(line, (*widths, 0), strict=True))


def totals(rows: list[Row]) -> Iterator[str]:
    """How many cells and tasks of each target are used."""
    for target, cells in used_cells(rows).items():
        judged = [row["task"] for row in rows if row["target"] == target]
        tasks = len({task for task, _ in cells})
        yield (
            f"{target}: {len(cells)} of {len(judged)} cells in {tasks} of {len(set(judged))} tasks "
            "are used"
        )


def _line(row: Row) -> tuple[str, ...]:
    said = (
        f"{of['predictor']} {of['kind']} {_share(of['ceiling'])} ({_share(of['mode'])})"
        for of in row["ceilings"]
    )
    return (
        *(row["target"], row["task"], row["property"], str(row["rows"])),
        *(_share(row["compliance"]), _share(row["mode_share"]), ", ".join(said) or "-"),
        "used" if row["used"] else row["reason"],
    )


def _answers(row: Row) -> tuple[str, ...]:
    shares = (_share(row[name]) for name in ("certainty", "kept", "first_kept"))
    return row["target"], row["task"], str(row["inputs"]), *shares


def _training(arm: Arm, log: Mapping[str, Any]) -> tuple[str, ...]:
    right, mode = log.get("held_back_accuracy"), log.get("held_back_mode")
    over = None if right is None or mode is None else right - mode
    shares = map(_share, (right, mode, over))
    return arm.target, arm.predictor, arm.kind, str(arm.seed), *shares


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
