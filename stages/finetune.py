"""train_self, train_cross: a LoRA adapter that predicts the behavior a dataset tells of.

    python -m stages.finetune --model smollm2                       # M1, on M's answers
    python -m stages.finetune --predictor gemma3 --target smollm2   # M2, on those of smollm2's M1

Where predictor and target are one model it is the fresh-label self. All arms use the same
hyper-parameters; each training seed has a folder of its own. A run that was killed goes on from its
last checkpoint by the same command and ends in the same bytes. Loss curves are DVCLive's.
Of a model that is taught by examples alone only this is written, {"trained": false}: it has no arm
that is trained, and its M1 is M.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from stages.models.opening import Models
from stages.params import command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder, write_json
from stages.storage.kept_folders import copy_kept
from stages.storage.tables import Row, read_columns, read_rows
from stages.study.arms import (
    LOG,
    NOT_TRAINED,
    cross_dataset,
    pair_name,
    self_name,
    subject_name,
)


@command
@click.option("--model", help="The subject that learns what it does itself.")
@click.option("--predictor", help="The subject that learns what the target does.")
@click.option("--target", help="The subject whose M1 the predictor learns of.")
def main(model: str | None, predictor: str | None, target: str | None) -> None:
    base, dataset, adapter = _arm(model, predictor, target)
    params, table = load_params(), Path("data/datasets") / f"{dataset}.parquet"
    for name in (base, target or base):
        params.subject(name)
    if read_columns("datasets", table, ["seed"]).empty:
        raise StudyError(f"{table}: no rows, so there is nothing to train on")
    teacher = Models("finetune", params.limits).teacher(base, params.finetune)
    with atomic_folder(Path("data/adapters") / adapter) as folder:
        for seed in params.seeds:
            made = folder / Path(subject_name(adapter, seed)).name
            if teacher is None:
                write_json(made / LOG, NOT_TRAINED)
            else:
                rows = _rows(base, table, seed, rehearse=params.finetune.rehearse)
                copy_kept(teacher.teach(rows, params.finetune, seed), made)
            report = json.loads((made / LOG).read_text(encoding="utf-8"))
            shown = {key: value for key, value in report.items() if key != "loss"}
            click.echo(f"{adapter}, seed {seed}: {json.dumps(shown)}")


def _arm(model: str | None, predictor: str | None, target: str | None) -> tuple[str, str, str]:
    """Who is trained, the name of its dataset, and that of its adapter."""
    if model is not None and predictor is None and target is None:
        return model, self_name(model), self_name(model)
    if model is None and predictor is not None and target is not None:
        return predictor, cross_dataset(target), pair_name(predictor, target)
    raise click.UsageError("Name --model, or --predictor and --target.")


def _rows(model: str, table: Path, seed: int, *, rehearse: bool) -> Iterator[Row]:
    """The rows of a dataset for one training seed; then the model's own answers, if asked for."""
    yield from read_rows("datasets", table, seed=[None, seed])
    if rehearse:
        from stages.models.local.teach.finetuning import own_answers  # its libraries take seconds

        taught = read_rows("datasets", table, seed=[None, seed], slice="train")
        yield from own_answers(model, {row["input_id"] for row in taught})


if __name__ == "__main__":
    main()
