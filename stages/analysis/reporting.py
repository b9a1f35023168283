"""What the report shows, taken from metrics and score rows; the words stand in templates/."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stages.storage.tables import Row

ROWS_PER_CELL = 2


def render(template: str, **shown) -> str:
    """A template of templates/ filled in; all but Markdown is escaped, missing names are errors."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=lambda name: name != "report.md.j2",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = number
    return environment.get_template(template).render(**shown)


def number(value: float | None) -> str:
    """Three decimals, or a dash where there is no number."""
    return "-" if value is None else f"{value:.3f}"


def target_table(summary: dict, arms: Sequence[Row]) -> list[Row]:
    """One row per target: the accuracy of every arm, the gap and its interval."""
    found = {(row["target"], row["kind"]): row.get("accuracy") for row in arms}
    return [
        {
            "target": target,
            "self": numbers.get("self"),
            "fresh_self": numbers.get("fresh_self"),
            "cross": numbers.get("cross", {}),
            "untrained": found.get((target, "untrained")),
            "mode": numbers.get("mode"),
            "text_classifier": found.get((target, "text_classifier")),
            "gap": {
                name: numbers.get("gap", {}).get(name)
                for name in ("estimate", "ci_low", "ci_high", "p_value")
            },
        }
        for target, numbers in summary["targets"].items()
    ]


def sample_rows(
    scores: Sequence[Row], predictions: Mapping[tuple[str, str], Sequence[Row]]
) -> list[Row]:
    """A few rows of each target, task and property with what was asked and what came back.

    Rows are the first by input_id, which is a hash, so they are chosen by chance and stay the
    same; each holds the truth and a list of (arm, raw answer, correct).
    """
    said = {
        (predictor, row["kind"], target, row["input_id"], row["property"]): row
        for (predictor, target), rows in predictions.items()
        for row in rows
    }
    answers: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in scores:
        if row["kind"] in ("self", "cross"):
            key = row["target"], row["task"], row["property"], row["input_id"]
            answers.setdefault(key, []).append(row)
    shown: list[Row] = []
    taken: dict[tuple[str, str, str], int] = {}
    for (target, task, name, key), rows in sorted(answers.items()):
        cell = target, task, name
        if taken.setdefault(cell, 0) == ROWS_PER_CELL:
            continue
        taken[cell] += 1
        asked = [said[r["predictor"], r["kind"], target, key, name] for r in rows]
        shown.append({
            "target": target, "task": task, "property": name, "truth": rows[0]["truth"],
            "question": "\n".join(message["content"] for message in asked[0]["question"]),
            "answers": [
                {"arm": f"{r['kind']} ({r['predictor']})", "raw": a["raw_answer"],
                 "correct": r["correct"]}
                for r, a in zip(rows, asked, strict=True)
            ],
        })  # fmt: skip
    return shown
