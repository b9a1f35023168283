"""How often intervals and p-values are right, on simulated score tables whose true gap is known.

    python -m stages.analysis.simulation

Prints one line for each true gap: the share of tables whose 95% interval covers it, clustered by
input and row-wise (naive), and the share whose p-value is under 0.05. With a true gap of zero
that share is the false-positive rate. docs/method.md holds the table.
"""

from statistics import NormalDist

import click
import numpy as np
from tqdm import tqdm

from stages.analysis.intervals import Estimate, Value, clustered_estimate
from stages.study.splits import rng

TASKS, INPUTS, PROPERTIES = 3, 40, 6
SHARED = 0.6  # correlation of the properties of one input, on the probit scale
PAIRED = 0.4  # correlation of self and cross on one input, likewise
CONFIDENCE = 0.95


def simulated_gaps(random: np.random.Generator, gap: float) -> list[Value]:
    """Self minus cross on the rows of one table; the true macro gap is `gap`.

    Rows are right where a normal variable falls under the cell's threshold, so a cell's accuracy
    is known exactly, however strongly the rows of one input and its two predictors hang together.
    Cells differ in accuracy, and later properties miss more rows, as truths that do not comply do.
    """
    normal = NormalDist()
    values = []
    for task in range(TASKS):
        common = random.normal(size=INPUTS)
        inputs = {
            arm: PAIRED**0.5 * common + (1 - PAIRED) ** 0.5 * random.normal(size=INPUTS)
            for arm in ("self", "cross")
        }
        for name in range(PROPERTIES):
            cross = 0.15 + 0.6 * (task * PROPERTIES + name) / (TASKS * PROPERTIES)
            right = {
                arm: SHARED**0.5 * inputs[arm] + (1 - SHARED) ** 0.5 * random.normal(size=INPUTS)
                < normal.inv_cdf(accuracy)
                for arm, accuracy in (("self", cross + gap), ("cross", cross))
            }
            there = random.random(INPUTS) >= 0.05 * name
            values += [
                Value(
                    ("target", "cross"),
                    f"task {task}",
                    f"property {name}",
                    f"{i:03}",
                    float(right["self"][i]) - float(right["cross"][i]),
                )
                for i in range(INPUTS)
                if there[i]
            ]
    return values


def simulate(gap: float, tables: int, *, seed: int, permutations: int = 0) -> list[Estimate]:
    """The estimate from each of `tables` tables with the true gap `gap`."""
    return [
        clustered_estimate(
            simulated_gaps(
                np.random.default_rng(rng(seed, "table", str(gap), n).getrandbits(64)), gap
            ),
            seed=seed,
            permutations=permutations,
            confidence=CONFIDENCE,
        )
        for n in tqdm(range(tables), desc=f"gap {gap:g}", unit="table", leave=False)
    ]


def rates(found: list[Estimate], gap: float) -> dict[str, float]:
    """Shares of the estimates: interval covers `gap`, naive interval does, p under 0.05."""

    def share(flags) -> float:
        return float(np.mean(list(flags)))

    shown = {
        "coverage": share(e.ci_low <= gap <= e.ci_high for e in found),
        "naive_coverage": share(e.naive_low <= gap <= e.naive_high for e in found),
        "p_under_0.05": share(e.p_value < 1 - CONFIDENCE for e in found),
        "naive_excludes_zero": share(not e.naive_low <= 0 <= e.naive_high for e in found),
    }
    if found[0].p_permutation is not None:
        shown["p_permutation_under_0.05"] = share(e.p_permutation < 1 - CONFIDENCE for e in found)
    return shown


@click.command(help=__doc__)
@click.option("--tables", default=1000, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=0, show_default=True)
@click.option("--permutations", default=999, show_default=True, type=click.IntRange(0))
def main(tables: int, seed: int, permutations: int) -> None:
    header = None
    for gap in (0.0, 0.05, 0.1, 0.2):
        found = rates(simulate(gap, tables, seed=seed, permutations=permutations), gap)
        if header is None:
            header = ["true gap", *found]
            click.echo(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
        click.echo(f"| {gap:g} | {' | '.join(f'{value:.3f}' for value in found.values())} |")


if __name__ == "__main__":
    main()
