"""simulation: how often intervals and p-values are right, on tables whose truth is known.

    python -m stages.simulation
    python -m stages.simulation --tables 200     # a rough look

Prints a line for each setting (stages/analysis/simulated_settings.py) and each way in which its
intervals are made: how many tables have such an interval, how many of these cover what is true, and
how often a p-value is under 0.05, which is the false-positive rate where nothing is true.
docs/method.md holds the table.
"""

import click

from stages.analysis.intervals import Method
from stages.analysis.rule import Rule
from stages.analysis.simulated import Of, Setting
from stages.analysis.simulated_settings import settings
from stages.analysis.simulation import CONFIDENCE, Estimates, methods, rates, simulate
from stages.params import command
from stages.terminal.closing import then

MIN_CELL_ROWS = 8
HEADER = (
    "number",
    "what is simulated",
    "inputs",
    "cells",
    "rows a cell",
    "true",
    "interval",
    "given",
    "covers",
    "rows taken for independent cover",
    "p under 0.05",
    "permutation p under 0.05",
)


@command
@click.option("--tables", default=2000, show_default=True, type=click.IntRange(2))
@click.option("--seed", default=0, show_default=True)
@click.option("--permutations", default=199, show_default=True, type=click.IntRange(1))
def main(tables: int, seed: int, permutations: int) -> None:
    rule = Rule(seed, CONFIDENCE, permutations, MIN_CELL_ROWS)
    click.echo(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
    for of, setting in settings():
        found = simulate(of, setting, range(tables), rule)
        for method in methods(found.found):
            click.echo(_line(of, setting, found, method))
    then("docs/method.md has this table for 2000 tables")


def _line(of: Of, setting: Setting, found: Estimates, method: Method | None) -> str:
    sizes = ", ".join(dict.fromkeys(str(min(size, setting.in_task)) for size in setting.sizes))
    true = _number(None if found.true is None else found.true + 0.0)
    told = [of, setting.told, setting.inputs, len(setting.sizes_C), sizes, true, method or "none"]
    return f"| {' | '.join(map(str, (*told, *map(_number, rates(found, method).values()))))} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}".replace("-0.000", "0.000")


if __name__ == "__main__":
    main()
