"""evaluate: self- against cross-prediction on the held-out tasks, from the tables alone.

    python -m stages.evaluate

Writes data/scores.parquet (every row that was scored) and metrics/: summary.json (the numbers
to compare), by_task.json (all cells, what was left out and why), by_property.json, subsets.json
(the gap where it can and where it cannot show), plots/.
"""

from pathlib import Path

import click

from stages.analysis.arms import score_study
from stages.analysis.breakdown import by_property, by_task
from stages.analysis.evidence import read_evidence
from stages.analysis.plots import loss_points, property_points, self_cross
from stages.analysis.subsets import MEANING, gaps_on_subsets
from stages.analysis.summary import informative_rows, rounded, summarise
from stages.params import command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import write_json
from stages.storage.tables import write_table


@command
def main() -> None:
    params = load_params()
    try:
        evidence = read_evidence(params, Path("data"))
    except StudyError as error:
        raise click.ClickException(str(error)) from None
    scored, behavior = score_study(evidence, params)
    rows = informative_rows(scored.rows)
    properties = by_property(scored.rows, params)
    summary = summarise(scored.rows, params)

    write_table("scores", scored.rows, "data/scores.parquet")
    metrics = Path("metrics")
    write_json(metrics / "summary.json", summary)
    write_json(metrics / "by_task.json", by_task(scored, behavior, evidence, params))
    write_json(metrics / "by_property.json", properties)
    write_json(
        metrics / "subsets.json",
        {"meaning": MEANING, "gaps": rounded(gaps_on_subsets(rows, params))},
    )
    write_json(metrics / "plots" / "self_cross.json", self_cross(rows, params))
    write_json(metrics / "plots" / "by_property.json", property_points(properties["arms"]))
    write_json(metrics / "plots" / "loss.json", loss_points(evidence.training))
    shown = ("self_accuracy", "cross_accuracy", "gap")
    click.echo("  ".join(f"{name}: {summary.get(name)}" for name in shown))


if __name__ == "__main__":
    main()
