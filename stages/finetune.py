"""train_self, train_cross: a LoRA adapter that predicts the behavior a dataset tells of.

    python -m stages.finetune --model smollm2                       # M1, on M's answers
    python -m stages.finetune --predictor gemma3 --target smollm2   # M2, on those of smollm2's M1

Where predictor and target are one model it is the fresh-label self, which is asked in the second
person as M1 is. All arms of a model use the same hyper-parameters, and it rehearses what it does
itself; each training seed has a folder of its own. A run that was killed goes on from its last
checkpoint by the same command and ends in the same bytes. Loss curves are DVCLive's. Of a model
that is taught by examples alone only this is written, {"trained": false}: it has no arm that is
trained, and its M1 is M.
"""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import click

from stages.models.carrying_out import carry_out
from stages.models.opening import Models
from stages.models.rehearsal import own_answers
from stages.models.section import FinetuneParams
from stages.params import Params, command, load_params
from stages.params.command import dry_run_option, say
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder, write_json
from stages.storage.kept_folders import copy_kept
from stages.storage.tables import Row, read_columns, read_rows
from stages.study.arms import (
    LOG,
    NOT_TRAINED,
    pair_dataset,
    pair_name,
    self_name,
    subject_name,
)


@command
@click.option("--model", help="The subject that learns what it does itself.")
@click.option("--predictor", help="The subject that learns what the target does.")
@click.option("--target", help="The subject whose M1 the predictor learns of.")
@dry_run_option
def main(model: str | None, predictor: str | None, target: str | None, dry_run: bool) -> None:
    base, dataset, adapter = _arm(model, predictor, target)
    params, table = load_params(), Path("data/datasets") / f"{dataset}.parquet"
    for name in (base, target or base):
        params.subject(name)
    if read_columns("datasets", table, ["seed"]).empty:
        raise StudyError(f"{table}: no rows, so there is nothing to train on")
    say(
        carry_out(
            Models("finetune", params.limits),
            partial(taught, base, adapter, table, params),
            partial(_write, adapter),
            dry_run=dry_run,
        )
    )


def taught(
    base: str, adapter: str, table: Path, params: Params, models: Models
) -> Iterator[tuple[int, Path | None]]:
    """What was made with each training seed; None where the model is not trained."""
    teacher, rule = models.teacher(base, params.finetune), params.finetune.of(base)
    for seed in params.seeds:
        if teacher is None:
            yield seed, None
        else:
            yield (
                seed,
                teacher.teach(_rows(base, table, seed, rule), rule, rule.seed_of(seed, adapter)),
            )


def _write(adapter: str, finished: Iterable[tuple[int, Path | None]]) -> None:
    with atomic_folder(Path("data/adapters") / adapter) as folder:
        for seed, kept in finished:
            made = folder / Path(subject_name(adapter, seed)).name
            if kept is None:
                write_json(made / LOG, NOT_TRAINED)
            else:
                copy_kept(kept, made)
            report = json.loads((made / LOG).read_text(encoding="utf-8"))
            shown = {key: value for key, value in report.items() if key != "loss"}
            click.echo(f"{adapter}, seed {seed}: {json.dumps(shown)}")


def _arm(model: str | None, predictor: str | None, target: str | None) -> tuple[str, str, str]:
    """Who is trained, the name of its dataset, and that of its adapter."""
    if model is not None and predictor is None and target is None:
        return model, self_name(model), self_name(model)
    if model is None and predictor is not None and target is not None:
        return predictor, pair_dataset(predictor, target), pair_name(predictor, target)
    raise click.UsageError("Name --model, or --predictor and --target.")


def _rows(model: str, table: Path, seed: int, rule: FinetuneParams) -> Iterator[Row]:
    """The rows of a dataset for one training seed; then what the model rehearses beside them."""
    yield from read_rows("datasets", table, seed=[None, seed])
    taught = read_rows("datasets", table, seed=[None, seed], slice="train")
    yield from own_answers(model, {row["input_id"] for row in taught}, rule)


if __name__ == "__main__":
    main()
