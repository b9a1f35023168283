"""train_self, train_cross: a LoRA adapter that predicts the behavior a dataset tells of.

    python -m stages.finetune smollm2 --dataset smollm2-self --adapter smollm2-self
    python -m stages.finetune gemma3 --dataset smollm2-cross --adapter gemma3-on-smollm2

Both arms use the same hyper-parameters; each training seed has a folder of its own. A run that was
killed goes on from its last checkpoint by the same command and ends in the same bytes. Loss curves
are DVCLive's.
"""

import json
from pathlib import Path
from shutil import copytree

import click

from stages.models.local.finetuning import finetuned, own_answers
from stages.models.local.loading import load_base
from stages.models.local.train import Settings
from stages.params import load_params
from stages.storage.files import atomic_folder
from stages.storage.tables import read_table


@click.command(help=__doc__)
@click.argument("model")
@click.option("--dataset", required=True, help="Name of the dataset in data/datasets.")
@click.option("--adapter", required=True, help="Name of the adapter to write.")
def main(model: str, dataset: str, adapter: str) -> None:
    params = load_params()
    rows = read_table("datasets", f"data/datasets/{dataset}.parquet")
    with atomic_folder(Path("data/adapters") / adapter) as folder:
        for seed in params.seeds:
            own = [row for row in rows if row["seed"] in (None, seed)]
            if params.finetune.rehearse:
                own += own_answers(model, {r["input_id"] for r in own if r["slice"] == "train"})
            settings = Settings.told(params.finetune.model_dump(), seed)
            finished = finetuned(load_base(Path("data/models") / model), own, settings)
            copytree(finished, folder / f"seed-{seed}")
            report = json.loads((finished / "train_log.json").read_text(encoding="utf-8"))
            shown = {key: value for key, value in report.items() if key != "loss"}
            click.echo(f"{adapter}, seed {seed}: {json.dumps(shown)}")


if __name__ == "__main__":
    main()
