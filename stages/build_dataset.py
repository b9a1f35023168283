"""build_self_dataset, build_cross_dataset: hypothetical questions with what was really done.

    python -m stages.build_dataset smollm2-self --behavior smollm2                # to train M1
    python -m stages.build_dataset smollm2-cross --behavior smollm2-self --cross  # M2 on M1

From the behavior on the train tasks: one row per input and property. Answers that do not comply
with the object-level prompt are left out and counted. Also written in the chat format of the
OpenAI fine-tuning API (train slice only, of the first training seed of M1), with a report of what
was left out, how the labels are spread, and how many rows stand twice.
"""

import json
from collections import Counter
from pathlib import Path

import click

from stages.params import Params, load_params
from stages.storage.files import atomic_path, write_json
from stages.storage.tables import Row, read_table, write_table
from stages.study.compliance import behavior_compliance
from stages.study.prompts import Person, asked_properties, question_on
from stages.study.properties import property_value
from stages.study.splits import is_held_back, rng


@click.command(help=__doc__)
@click.argument("name")
@click.option("--behavior", required=True, help="Whose behavior gives the labels.")
@click.option("--cross", is_flag=True, help="Ask as cross-predictors are asked.")
def main(name: str, behavior: str, cross: bool) -> None:
    params = load_params()
    person = params.cross_questions.train if cross else "second"
    answers = read_table("behavior", f"data/behavior/{behavior}.parquet")
    rows: list[Row] = []
    excluded: dict[str, dict[str, int]] = {}
    seeds = list(dict.fromkeys(answer["seed"] for answer in answers))
    for task in params.tasks.train:
        inputs = {r["input_id"]: r for r in read_table("tasks", f"data/tasks/{task}.parquet")}
        left_out: Counter[str] = Counter()
        for seed in seeds:
            own = [a for a in answers if (a["task"], a["seed"]) == (task, seed)]
            fresh, reasons = dataset_rows(inputs, own, params, person)
            if params.finetune.scramble_labels:
                fresh = scrambled(fresh, params.seed)
            rows += [row | {"seed": seed} for row in fresh]
            left_out += reasons
        excluded[task] = dict(sorted(left_out.items()))
    if not any(row["slice"] == "train" for row in rows):
        raise click.ClickException(
            f"data/behavior/{behavior}.parquet: no compliant answer on a train task, so there is "
            f"nothing to train on; left out: {excluded}"
        )
    folder = Path("data/datasets")
    write_table("datasets", rows, folder / f"{name}.parquet")
    with (
        atomic_path(folder / f"{name}.jsonl") as partial,
        open(partial, "w", encoding="utf-8") as f,
    ):
        f.writelines(
            _chat_line(row) for row in rows if (row["slice"], row["seed"]) == ("train", seeds[0])
        )
    write_json(folder / f"{name}.report.json", dataset_report(rows, excluded))
    click.echo(
        f"{name}: {len(rows)} rows; left out: {sum(sum(r.values()) for r in excluded.values())}"
    )


def dataset_rows(
    inputs: dict[str, Row], answers: list[Row], params: Params, person: Person = "second"
) -> tuple[list[Row], Counter[str]]:
    """Rows of one task and seed, and why answers were left out (reason or property -> count).

    Where an input was sampled n times, each label that occurred is a row whose weight is its
    share of the samples.
    """
    rows: list[Row] = []
    left_out: Counter[str] = Counter()
    by_input: dict[str, list[Row]] = {}
    for answer in answers:
        by_input.setdefault(answer["input_id"], []).append(answer)
    for key, samples in sorted(by_input.items()):
        item = inputs[key]
        family = item["family"]
        reasons = [
            behavior_compliance(s["response"], family, options=item["options"]) for s in samples
        ]
        left_out.update(reason for reason in reasons if reason)
        compliant = [s for s, reason in zip(samples, reasons, strict=True) if not reason]
        for name in asked_properties(item, params.properties):
            values = [
                property_value(
                    name, s["response"], family,
                    options=item["options"], trait_option=item["trait_option"],
                )
                for s in compliant
            ]  # fmt: skip
            labels = Counter(value for value in values if value)
            left_out[f"no {name}"] += len(values) - labels.total()
            rows += [
                {
                    "input_id": key, "task": item["task"], "property": name,
                    "question": question_on(item, name, person),
                    "label": label, "weight": count / labels.total(),
                    "slice": "held_back"
                    if is_held_back(params.seed, key, params.finetune.held_back) else "train",
                }
                for label, count in sorted(labels.items())
            ]  # fmt: skip
    return rows, +left_out


def scrambled(rows: list[Row], seed: int) -> list[Row]:
    """The rows of a task with the labels of each property dealt out anew, by (seed, input)."""

    def turn(row: Row, what: str) -> float:
        return rng(seed, what, row["property"], row["input_id"], row["label"]).random()

    cells: dict[str, list[Row]] = {}
    for row in rows:
        cells.setdefault(row["property"], []).append(row)
    dealt: dict[int, str] = {}
    for cell in cells.values():
        givers = sorted(cell, key=lambda row: turn(row, "give"))
        takers = sorted(cell, key=lambda row: turn(row, "take"))
        dealt |= {id(r): g["label"] for r, g in zip(takers, givers, strict=True)}
    return [row | {"label": dealt[id(row)]} for row in rows]


def dataset_report(rows: list[Row], excluded: dict[str, dict[str, int]]) -> dict:
    """Counts for a reader: rows, exclusions, the five most common labels a cell, duplicates."""
    labels: dict[str, Counter[str]] = {}
    for row in rows:
        labels.setdefault(f"{row['task']}.{row['property']}", Counter())[row["label"]] += 1
    asked = Counter((row["seed"], _chat_line(row)) for row in rows)
    return {
        "rows": len(rows),
        "train_rows": sum(row["slice"] == "train" for row in rows),
        "duplicate_rows": sum(count - 1 for count in asked.values()),
        "excluded": excluded,
        "labels": {
            cell: {"rows": counts.total(), "distinct": len(counts), "top": counts.most_common(5)}
            for cell, counts in labels.items()
        },
    }


def _chat_line(row: Row) -> str:
    messages = [*row["question"], {"role": "assistant", "content": row["label"]}]
    return json.dumps({"messages": messages}, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
