"""control_seeds: whether the controls show what they must over training runs.

    for seed in 0 1 2 3 4 5 6 7 8 9; do python -m stages.control --control twin --seed $seed; done
    python -m stages.control_seeds

Prints what docs/controls.md has of the runs in data/control_seeds/; writes nothing.
"""

from pathlib import Path
from typing import Any

import click

from stages.analysis.controls import over_runs
from stages.controls import SEED_RUNS
from stages.controls.verdicts import CONTROLS
from stages.evaluate_controls import look
from stages.params import command
from stages.reporting.sections import render
from stages.storage.errors import StudyError
from stages.terminal.closing import then

FEWEST = 2  # runs, over which there is anything to say


@command
def main() -> None:
    found = {}
    for name in CONTROLS:
        finished = [path for path in (SEED_RUNS / name).glob("*") if path.name.isdecimal()]
        runs = sorted(finished, key=lambda path: int(path.name))
        if len(runs) >= FEWEST:
            found[name] = _judged(name, runs)
    if not found:
        raise StudyError(
            f"{SEED_RUNS}: no control has {FEWEST} runs; make some with "
            "`python -m stages.control --control NAME --seed N`"
        )
    click.echo(render("control_seeds.md.j2", controls=found))
    then("what docs/controls.md says of the controls is this; put it there")


def _judged(name: str, folders: list[Path]) -> dict[str, Any]:
    """The numbers of each run of a control by its seed, and what they show together."""
    control, looked = CONTROLS[name], [look(path) for path in folders]
    runs = {path.name: numbers for path, (_, numbers, _) in zip(folders, looked, strict=True)}
    over = over_runs(runs, looked[0][2])
    return {
        "must": control.must_over_runs,
        "held": control.held_over(list(runs.values()), over),
        "over": over,
        "runs": {seed: found | {"held": control.held(found)} for seed, found in runs.items()},
    }


if __name__ == "__main__":
    main()
