"""evaluate: self- against cross-prediction on the held-out tasks, from the tables alone.

    python -m stages.evaluate

Writes data/scores.parquet (every row that was scored) and metrics/: summary.json (the few numbers
to compare), targets.json (all that they are made of, what hosted models cost, and which arms are
not there, as a model was not trained; the verdict), by_task.json (all cells, which are used or why
not, which letters are chosen), by_property.json, subsets.json (the gap where it can and where it
cannot show), rows.parquet (the scored rows as git keeps them, for `python -m stages.compare`),
plots/. Answers of the files that `given` of params.yaml names are arms too.
"""

from functools import partial
from pathlib import Path

import click

from stages.analysis.arms import kept_answers, score_arms
from stages.analysis.beside import beside_scores
from stages.analysis.breakdown import by_property, by_task
from stages.analysis.cells import ceiling_of, read_cells, used_cells
from stages.analysis.costs import costs
from stages.analysis.evidence import read_evidence
from stages.analysis.families import by_family
from stages.analysis.letters import letter_shares
from stages.analysis.plots import loss_points, property_points, self_cross
from stages.analysis.rounding import rounded
from stages.analysis.subsets import MEANING, gaps_on_subsets
from stages.analysis.summary import headline, informative_rows, summarise
from stages.analysis.untrained import absent_arms
from stages.analysis.verdict import sensitivity_gap, verdict
from stages.comparison.rows.making import write_git_rows
from stages.params import command, load_params
from stages.storage.files import read_json, write_json, write_points
from stages.storage.tables import Row, write_table


@command
def main() -> None:
    params = load_params()
    design, rule = params.design, params.evaluate.rule(params.seed)
    evidence = read_evidence(design, Path("data"), params.given_files)
    cells = read_cells(Path("data/cells.parquet"), evidence.inputs.values(), design)
    scored = score_arms(evidence, design, used_cells(cells))
    rows = informative_rows(scored.rows)
    kept = kept_answers(evidence, design)
    beside = beside_scores(evidence, scored.rows, design, partial(_ceiling, cells))
    numbers = summarise(scored.rows, rule, design, kept, beside)
    copies = read_json("metrics/sensitivity.json")
    summary = rounded(headline(numbers, sensitivity_gap(copies)))
    properties = by_property(scored.rows, rule)
    gaps = by_family(rounded(gaps_on_subsets(rows, rule, design)), "target")
    subsets = {"meaning": MEANING, "gaps": gaps}

    write_table("scores", scored.rows, "data/scores.parquet")
    metrics = Path("metrics")
    write_json(metrics / "summary.json", summary)
    person, rehearsed = params.cross_questions.test, params.finetune.rehearse != "none"
    numbers["verdict"] = verdict(numbers, gaps, copies, design, person=person, rehearsed=rehearsed)
    if absent := absent_arms(evidence, design):
        numbers |= {"absent": absent}
    paid = costs(design, Path("data"), evidence.training)
    write_json(metrics / "targets.json", rounded(numbers) | ({"costs": paid} if paid else {}))
    tasks = by_task(scored, cells, letter_shares(evidence), evidence.training, rule)
    write_json(metrics / "by_task.json", tasks)
    write_json(metrics / "by_property.json", properties)
    write_json(metrics / "subsets.json", subsets)
    write_points(metrics / "plots" / "self_cross.json", self_cross(rows, rule, design))
    write_points(metrics / "plots" / "by_property.json", property_points(properties["arms"]))
    write_points(metrics / "plots" / "loss.json", loss_points(evidence.training))
    write_git_rows(scored.rows, Path("data"), design, metrics / "rows.parquet")
    click.echo(
        "  ".join(f"{name}: {summary.get(name)}" for name in ("primary", "fresh_self", "cross"))
    )


def _ceiling(cells: list[Row], target: str, predictor: str, kind: str, what: str) -> float | None:
    return ceiling_of(cells, target, predictor, kind, what)


if __name__ == "__main__":
    main()
