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

from stages.models.local.asking import Decoding
from stages.models.local.loading import Subject, load_base, trained_subject
from stages.models.local.sampling import sample
from stages.params import Params, load_params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_table, write_table


@click.command(help=__doc__)
@click.argument("model")
@click.option("--adapter", help="Name of the adapter that makes the model M1.")
def main(model: str, adapter: str | None) -> None:
    params = load_params()
    rows: list[Row] = []
    with ResponseCache() as cache:
        for seed in params.seeds if adapter else [None]:
            if adapter:
                subject = trained_subject(model, adapter, seed)
            else:
                subject = load_base(Path("data/models") / model)
            rows += [
                row | {"seed": seed} for row in _behavior(subject, params, cache, bool(adapter))
            ]
    write_table("behavior", rows, f"data/behavior/{adapter or model}.parquet")


def _behavior(
    subject: Subject, params: Params, cache: ResponseCache, trained: bool
) -> Iterator[Row]:
    sampling = params.sampling
    for task in params.tasks.train + params.tasks.test:
        inputs = read_table("tasks", f"data/tasks/{task}.parquet")
        if trained:
            inputs = [r for r in inputs if (r["role"], r["split"]) != ("test", "train")]
        yield from sample(
            subject, inputs, Decoding(sampling.max_tokens, sampling.temperature), cache,
            seed=params.seed, n_samples=sampling.n_samples,
            cut_for=params.properties if sampling.stop_when_decided else None, label=task,
        )  # fmt: skip


if __name__ == "__main__":
    main()
