"""simulation: how often intervals and p-values are right, on tables whose true gap is known.

    python -m stages.simulation

Prints one line for each true gap: the share of simulated tables whose 95% interval covers it,
clustered by input and row-wise (naive), and the share whose p-value is under 0.05. With a true gap
of zero that share is the false-positive rate. docs/method.md holds the table.
"""

import click
from tqdm import tqdm

from stages.analysis.rule import Rule
from stages.analysis.simulation import CONFIDENCE, rates, simulate
from stages.params import command

GAPS = (0.0, 0.05, 0.1, 0.2)


@command
@click.option("--tables", default=1000, show_default=True, type=click.IntRange(2))
@click.option("--seed", default=0, show_default=True)
@click.option("--permutations", default=999, show_default=True, type=click.IntRange(1))
def main(tables: int, seed: int, permutations: int) -> None:
    rule = Rule(seed, CONFIDENCE, permutations, 8)
    for gap in GAPS:
        numbers = tqdm(range(tables), desc=f"gap {gap:g}", unit="table", leave=False)
        found = rates(simulate(gap, numbers, rule), gap)
        if gap == GAPS[0]:
            header = ["true gap", *found]
            click.echo(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
        click.echo(f"| {gap:g} | {' | '.join(f'{value:.3f}' for value in found.values())} |")


if __name__ == "__main__":
    main()
