"""simulation: how often intervals and p-values are right, on tables whose truth is known.

    python -m stages.simulation
    python -m stages.simulation --tables 4000 --numbers 2000 4000   # a part, on another machine

Prints a line for each setting (stages/analysis/simulation.py): how many tables have an interval
of self minus cross, how many of these cover what is true, and how often a p-value is under 0.05,
which is the false-positive rate where nothing is true. docs/method.md holds the table.
"""

import click
from tqdm import tqdm

from stages.analysis.rule import Rule
from stages.analysis.simulation import CONFIDENCE, SETTINGS, Setting, rates, simulate
from stages.params import command

MIN_CELL_ROWS = 8
HEADER = (
    "what is simulated",
    "inputs",
    "tasks",
    "rows a cell",
    "true gap",
    "with an interval",
    "covers",
    "rows taken for independent cover",
    "p under 0.05",
    "permutation p under 0.05",
)


@command
@click.option("--tables", default=1000, show_default=True, type=click.IntRange(2))
@click.option("--seed", default=0, show_default=True)
@click.option("--permutations", default=199, show_default=True, type=click.IntRange(1))
def main(tables: int, seed: int, permutations: int) -> None:
    rule = Rule(seed, CONFIDENCE, permutations, MIN_CELL_ROWS)
    click.echo(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
    for setting in SETTINGS:
        numbers = tqdm(range(tables), desc=setting.told, unit="table", leave=False)
        found = simulate(setting, numbers, rule)
        click.echo(_line(setting, rates(found, setting.gap)))


def _line(setting: Setting, found: dict[str, float | None]) -> str:
    sizes = ", ".join(str(min(size, setting.inputs // setting.tasks)) for size in setting.sizes)
    told = [setting.told, setting.inputs, setting.tasks, sizes, f"{setting.gap:g}"]
    shown = ["-" if value is None else f"{value:.3f}" for value in found.values()]
    return f"| {' | '.join(map(str, (*told, *shown)))} |"


if __name__ == "__main__":
    main()
