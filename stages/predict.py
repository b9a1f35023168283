"""predict: what predictors answer to the hypothetical questions on the held-out tasks.

    python -m stages.predict gemma3 smollm2

Asks the adapter <predictor>-on-<target>: cross-prediction. Where predictor and target are one
model that adapter is the fresh-label self, and its base M (untrained) and M1 (self) are asked
too. The same words go to every predictor, unless params.yaml asks cross-predictors in the third
person; decoding is greedy. Where the answers are a closed set
the probability of each is kept beside the answer: `distribution`.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from stages.models.local.asking import Decoding, Question, Until, ask
from stages.models.local.loading import Subject, load_base, with_adapter
from stages.params import Params, load_params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_table, write_table
from stages.study.decided import first_line_ended
from stages.study.prompts import Person, hypothetical_question
from stages.study.properties import PROPERTIES
from stages.study.tasks import TASKS

# An answer is read to the end of its first line (`Property.parse_answer`).
FIRST_LINE = Until("first line", first_line_ended)


@click.command(help=__doc__)
@click.argument("predictor")
@click.argument("target")
def main(predictor: str, target: str) -> None:
    params = load_params()
    questions = {
        person: {task: _questions(task, params, person) for task in params.tasks.test}
        for person in ("second", params.cross_questions.test)
    }
    decoding = Decoding(params.predict.max_tokens)
    rows: list[Row] = []
    with ResponseCache() as cache:
        for kind, seed, subject in _subjects(predictor, target, params.seeds):
            # The fresh-label self is trained and asked as the cross-predictors are.
            person = "second" if kind in ("untrained", "self") else params.cross_questions.test
            for task, asked in questions[person].items():
                label = f"{subject.name} ({kind}) {task}"
                answers = ask(subject, asked, decoding, cache, label)
                for question in asked:
                    key, name = question.key
                    answer = answers[question.key]
                    parsed, compliant = PROPERTIES[name].parse_answer(answer.text)
                    rows.append({
                        "subject": subject.name, "kind": kind, "input_id": key, "task": task,
                        "property": name, "sample": 0, "question": question.messages,
                        "raw_answer": answer.text, "finish_reason": answer.finish_reason,
                        "answer": parsed, "compliant": compliant,
                        "logprob": answer.logprob, "near_tie": answer.near_tie,
                        "distribution": _ranked(answer.distribution), "seed": seed,
                    })  # fmt: skip
    write_table("predictions", rows, f"data/predictions/{predictor}-on-{target}.parquet")


def _subjects(
    predictor: str, target: str, seeds: list[int]
) -> Iterator[tuple[str, int | None, Subject]]:
    """The subjects of one cell with the kind of their predictions, one in memory at a time."""
    base, adapters = Path("data/models") / predictor, Path("data/adapters")
    trained = {"fresh_self" if predictor == target else "cross": f"{predictor}-on-{target}"}
    if predictor == target:
        yield "untrained", None, load_base(base)
        trained = {"self": f"{target}-self"} | trained
    for kind, adapter in trained.items():
        for seed in seeds:
            yield kind, seed, with_adapter(load_base(base), adapters / adapter / f"seed-{seed}")


def _questions(task: str, params: Params, person: Person) -> list[Question]:
    return [
        Question(
            (row["input_id"], name), (row["input_id"],),
            hypothetical_question(row["object_prompt"], name, person),
            until=FIRST_LINE if params.predict.stop_when_decided else None,
            closed=PROPERTIES[name].closed_answers(),
            score_only=params.predict.closed_answers == "score",
        )
        for row in sorted(
            read_table("tasks", f"data/tasks/{task}.parquet"), key=lambda r: r["input_id"]
        )
        if row["split"] == "test"
        for name in params.properties
        if TASKS[task].family in PROPERTIES[name].families
    ]  # fmt: skip


def _ranked(distribution: dict[str, float] | None) -> list[Row] | None:
    """The answers of a closed set that have any probability, the most probable first."""
    if distribution is None:
        return None
    ranked = sorted(distribution.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"answer": answer, "probability": p} for answer, p in ranked if p > 0]


if __name__ == "__main__":
    main()
