"""train_self, train_cross: a LoRA adapter that predicts the behavior a dataset tells of.

    python -m stages.finetune smollm2 --dataset smollm2-self --adapter smollm2-self
    python -m stages.finetune gemma3 --dataset smollm2-cross --adapter gemma3-on-smollm2

Both arms use the same hyper-parameters; each training seed has a folder of its own. A run that was
killed goes on from its last checkpoint by the same command and ends in the same bytes. Loss curves
are DVCLive's.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from stages.models.local.subject.loading import load_base
from stages.models.local.teach.finetuning import finetuned, own_answers
from stages.models.local.teach.settings import settings
from stages.params import command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder
from stages.storage.kept_folders import copy_kept
from stages.storage.tables import Row, read_columns, read_rows
from stages.study.arms import subject_name


@command
@click.argument("model")
@click.option("--dataset", required=True, help="Name of the dataset in data/datasets.")
@click.option("--adapter", required=True, help="Name of the adapter to write.")
def main(model: str, dataset: str, adapter: str) -> None:
    params, table = load_params(), Path("data/datasets") / f"{dataset}.parquet"
    if read_columns("datasets", table, ["seed"]).empty:
        raise StudyError(f"{table}: no rows, so there is nothing to train on")
    with atomic_folder(Path("data/adapters") / adapter) as folder:
        for seed in params.seeds:
            base = load_base(Path("data/models") / model)
            rows = _rows(model, table, seed, rehearse=params.finetune.rehearse)
            finished = finetuned(base, rows, settings(params.finetune, seed))
            copy_kept(finished, folder / Path(subject_name(adapter, seed)).name)
            report = json.loads((finished / "train_log.json").read_text(encoding="utf-8"))
            shown = {key: value for key, value in report.items() if key != "loss"}
            click.echo(f"{adapter}, seed {seed}: {json.dumps(shown)}")


def _rows(model: str, table: Path, seed: int, *, rehearse: bool) -> Iterator[Row]:
    """The rows of a dataset for one training seed; then the model's own answers, if asked for."""
    yield from read_rows("datasets", table, seed=[None, seed])
    if rehearse:
        taught = read_rows("datasets", table, seed=[None, seed], slice="train")
        yield from own_answers(model, {row["input_id"] for row in taught})


if __name__ == "__main__":
    main()
