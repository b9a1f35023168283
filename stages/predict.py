"""predict: what predictors answer to the hypothetical questions on the held-out tasks.

    python -m stages.predict gemma3 smollm2

Asks the adapter <predictor>-on-<target>: cross-prediction. Where predictor and target are one
model that adapter is the fresh-label self, and its base M (untrained) and M1 (self) are asked
too. The same words go to every predictor; decoding is greedy.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from stages.models.local.asking import Decoding, Question, ask
from stages.models.local.loading import Subject, load_base, with_adapter
from stages.params import Params, load_params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_table, write_table
from stages.study.prompts import hypothetical_question
from stages.study.properties import PROPERTIES
from stages.study.tasks import TASKS


@click.command(help=__doc__)
@click.argument("predictor")
@click.argument("target")
def main(predictor: str, target: str) -> None:
    params = load_params()
    questions = {task: _questions(task, params) for task in params.tasks.test}
    decoding = Decoding(params.predict.max_tokens, batch_size=params.predict.batch_size)
    rows: list[Row] = []
    with ResponseCache() as cache:
        for kind, subject in _subjects(predictor, target):
            for task, asked in questions.items():
                label = f"{subject.name} ({kind}) {task}"
                answers = ask(subject, asked, decoding, cache, label)
                for question in asked:
                    key, name = question.key
                    answer = answers[question.key]
                    parsed, compliant = PROPERTIES[name].parse_answer(answer.text)
                    rows.append({
                        "subject": subject.name, "kind": kind, "input_id": key, "task": task,
                        "property": name, "sample": 0, "question": question.messages,
                        "raw_answer": answer.text, "answer": parsed, "compliant": compliant,
                        "logprob": answer.logprob,
                    })  # fmt: skip
    write_table("predictions", rows, f"data/predictions/{predictor}-on-{target}.parquet")


def _subjects(predictor: str, target: str) -> Iterator[tuple[str, Subject]]:
    """The subjects of one cell with the kind of their predictions, one in memory at a time."""
    base, adapters = Path("data/models") / predictor, Path("data/adapters")
    trained = adapters / f"{predictor}-on-{target}"
    if predictor != target:
        yield "cross", with_adapter(load_base(base), trained)
        return
    yield "untrained", load_base(base)
    yield "self", with_adapter(load_base(base), adapters / f"{target}-self")
    yield "fresh_self", with_adapter(load_base(base), trained)


def _questions(task: str, params: Params) -> list[Question]:
    return [
        Question(
            (row["input_id"], name), (row["input_id"],),
            hypothetical_question(row["object_prompt"], name),
        )
        for row in sorted(
            read_table("tasks", f"data/tasks/{task}.parquet"), key=lambda r: r["input_id"]
        )
        if row["split"] == "test"
        for name in params.properties
        if TASKS[task].family in PROPERTIES[name].families
    ]  # fmt: skip


if __name__ == "__main__":
    main()
