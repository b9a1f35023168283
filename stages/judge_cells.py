"""judge_cells: which cells count, by pilot rows alone, before any scored row is looked at.

    python -m stages.judge_cells

Writes data/cells.parquet: a row for each target, held-out task and property with the variety and
compliance of M1's pilot answers, what each trained arm gets where the answer is shown, whether the
cell is used, or why not. It prints the same and nothing of the scored rows, so `dvc repro
judge_cells` is how settings are tried.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from stages.analysis.cells import judge, used_cells
from stages.analysis.pilot import read_pilot
from stages.params import command, load_params
from stages.storage.tables import Row, write_table

TITLES = ("target", "task", "property", "rows", "comply", "mode", "ceilings (mode)", "")


@command
def main() -> None:
    params = load_params()
    rows = judge(read_pilot(params.design, Path("data")), params.design, params.evaluate.limits)
    write_table("cells", rows, "data/cells.parquet")
    for line in (*table(rows), *totals(rows)):
        click.echo(line)


def table(rows: list[Row]) -> Iterator[str]:
    """The cells in columns."""
    lines = [TITLES, *map(_line, rows)]
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


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
