"""sample_base, sample_target: what a subject answers to the object-level prompts.

    python -m stages.sample_behavior smollm2                  # M, the base model
    python -m stages.sample_behavior smollm2 --adapter smollm2-self   # M1

M answers every input. M1 answers what it is needed for: the train tasks, whose answers train
the cross-predictors, and the test split of the held-out tasks, which is scored. An answer is cut
where every property asked of it is decided (finish_reason "decided"). Each training seed
has its own M1.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from stages.models.local.asking import Decoding, Question, Until, ask
from stages.models.local.loading import Subject, load_base, with_adapter
from stages.params import Params, load_params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_table, write_table
from stages.study.decided import decides
from stages.study.properties import PROPERTIES
from stages.study.splits import rng
from stages.study.tasks import TASKS


@click.command(help=__doc__)
@click.argument("model")
@click.option("--adapter", help="Name of the adapter that makes the model M1.")
def main(model: str, adapter: str | None) -> None:
    params = load_params()
    rows: list[Row] = []
    with ResponseCache() as cache:
        for seed in params.seeds if adapter else [None]:
            subject = load_base(Path("data/models") / model)
            if adapter:
                folder = Path("data/adapters") / adapter / f"seed-{seed}"
                subject = with_adapter(subject, folder)
            rows += [
                row | {"seed": seed} for row in _behavior(subject, params, cache, bool(adapter))
            ]
    write_table("behavior", rows, f"data/behavior/{adapter or model}.parquet")


def _behavior(
    subject: Subject, params: Params, cache: ResponseCache, trained: bool
) -> Iterator[Row]:
    sampling = params.sampling
    decoding = Decoding(sampling.max_tokens, sampling.temperature)
    for task in params.tasks.train + params.tasks.test:
        inputs = read_table("tasks", f"data/tasks/{task}.parquet")
        if trained:
            inputs = [r for r in inputs if (r["role"], r["split"]) != ("test", "train")]
        until = _until(params, task) if sampling.stop_when_decided else None
        questions = [
            Question(
                (row["input_id"], sample), (row["input_id"],), row["object_prompt"],
                rng(params.seed, row["input_id"], sample).getrandbits(63), until,
            )
            for row in inputs
            for sample in range(sampling.n_samples)
        ]  # fmt: skip
        answers = ask(subject, questions, decoding, cache, f"{subject.name} {task}")
        for (key, sample), answer in sorted(answers.items()):
            yield {
                "input_id": key, "task": task, "sample": sample, "response": answer.text,
                "finish_reason": answer.finish_reason,
                "first_token_logprob": answer.first_token_logprob,
                "near_tie": answer.near_tie, "fingerprint": subject.fingerprint,
            }  # fmt: skip


def _until(params: Params, task: str) -> Until:
    """An answer is decided when every property that is asked of it is."""
    asked = [name for name in params.properties if TASKS[task].family in PROPERTIES[name].families]
    rule = f"{TASKS[task].family}: {' '.join(sorted(asked))}"
    return Until(rule, decides(asked, TASKS[task].family))


if __name__ == "__main__":
    main()
