"""predict: what predictors answer to the hypothetical questions on the held-out tasks.

    python -m stages.predict gemma3 smollm2

Asks the adapter <predictor>-on-<target>: cross-prediction. Where predictor and target are one
model that adapter is the fresh-label self, and its base M (untrained) and M1 (self) are asked
too. The same words go to every predictor, unless params.yaml asks cross-predictors in the third
person; decoding is greedy. Where the answers are a closed set
the probability of each is kept beside the answer: `distribution`.
"""

import click

from stages.models.local.asking import Decoding
from stages.models.local.predicting import Asking, predict, predictors
from stages.params import load_params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_table, write_table


@click.command(help=__doc__)
@click.argument("predictor")
@click.argument("target")
def main(predictor: str, target: str) -> None:
    params = load_params()
    decoding = Decoding(params.predict.max_tokens)
    inputs = {
        task: sorted(
            (
                row
                for row in read_table("tasks", f"data/tasks/{task}.parquet")
                if row["split"] == "test"
            ),
            key=lambda row: row["input_id"],
        )
        for task in params.tasks.test
    }
    rows: list[Row] = []
    with ResponseCache() as cache:
        for kind, seed, subject in predictors(predictor, target, params.seeds):
            asking = Asking(
                # The fresh-label self is trained and asked as the cross-predictors are.
                "second" if kind in ("untrained", "self") else params.cross_questions.test,
                params.predict.stop_when_decided,
                params.predict.closed_answers == "score",
            )
            for task, items in inputs.items():
                found = predict(
                    subject, items, params.properties, decoding, cache, asking=asking, label=task
                )
                rows += [row | {"kind": kind, "seed": seed} for row in found]
    write_table("predictions", rows, f"data/predictions/{predictor}-on-{target}.parquet")


if __name__ == "__main__":
    main()
