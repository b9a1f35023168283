"""sensitivity: the study on copies of a model with private answers, which only they can know.

    python -m stages.sensitivity --model smollm2

Copies of the model are given private answers to made-up prompts; then the main study's own stages
train and ask them. `one` is the target. It is set against `other`, which was taught the same
labels and holds other answers, and `blank`, the model itself, taught the same labels. What this
study finds, the main one could have found: data/sensitivity/MODEL, with no weights left in it.

`--seed N` makes other prompts, answers and trainings in data/sensitivity_runs/MODEL, to record how
often it is found; with `--dose D` a share of what was taught is merged into the copies, so that
they are less sure; with `--twin` the other copy has the same answers from another training and
there is nothing to find (docs/sensitivity.md). evaluate_sensitivity scores what this stage makes.
"""

import contextlib
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from stages.control import run_study
from stages.controls.instilling import BLANK, ONE, OTHER, REASON, RUN, RUNS, STUDIES, TAUGHT
from stages.controls.instilling.answers import private_answer
from stages.controls.instilling.prompts import FAR, NEAR, PROMPTS
from stages.models.fetch.sources import DOSE, TWIN, Instilled, Organism
from stages.models.hosted.spec.section import HostedSpec
from stages.models.section import FinetuneParams
from stages.params import Params, checked, command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder, write_json
from stages.storage.tables import read_rows
from stages.study.splits import rng

NO_COPY = "the model runs on a server, so that no copy of it can be made"


def _dose(context: click.Context, option: click.Parameter, text: str) -> float:
    if not DOSE.fullmatch(text):
        raise click.BadParameter(f"{text!r}: from 0 to 1 with two decimals at most")
    return float(text)


@command
@click.option("--model", required=True, help="One of the subjects.")
@click.option("--seed", type=click.IntRange(0, 10**9 - 1), help="Of prompts, answers, trainings.")
@click.option("--dose", default="1", callback=_dose, help="The share that is merged, 0 to 1.")
@click.option("--twin", is_flag=True, help="The other copy holds the same answers.")
def main(model: str, seed: int | None, dose: float, twin: bool) -> None:
    if seed is None and (twin or dose != 1):
        raise click.UsageError("--dose and --twin are of a run with a --seed.")
    params = load_params()
    spec = params.model(params.subject(model))
    run = {"seed": own_seed(params) if seed is None else seed, "dose": dose, "twin": twin}
    with atomic_folder(STUDIES / model if seed is None else RUNS / model / run_name(run)) as folder:
        if isinstance(spec, HostedSpec):
            write_json(folder / REASON, {"reason": NO_COPY})
            return
        base = Path("data/models") / model
        if not (base / "model.json").is_file():
            raise StudyError(f"{base}: no model here; run `dvc repro` to fetch it")
        raw = copies_study(params, model, run)
        study = checked(raw, f"params.yaml: sensitivity of {model}")
        YAML().dump(raw, folder / "params.yaml")
        write_json(folder / RUN, run)
        grown = partial(_copied, base.resolve(), _instilling(params))
        with contextlib.chdir(folder):
            run_study(study, PROMPTS, grown, [ONE])
        _without_weights(folder)


def own_seed(params: Params) -> int:
    """That of the run without --seed, whose draws no --seed shares: a number of 9 digits at most.

    So runs of other seeds are independent of it, also one of the seed of params.yaml.
    """
    return rng(params.seed, "sensitivity").getrandbits(29)


def run_name(run: dict[str, Any]) -> str:
    """The folder of a run: seed-0, seed-0-dose-0.5 or twin-0."""
    name = f"{'twin' if run['twin'] else 'seed'}-{run['seed']}"
    return name if run["dose"] == 1 else f"{name}-dose-{run['dose']:g}"


def copies_study(params: Params, model: str, run: dict[str, Any]) -> dict[str, Any]:
    """The params of the study of a model's copies; what they do not say is the main study's."""
    told = _told(params)
    spec = params.models[model]
    assert not isinstance(spec, HostedSpec)
    number, dose = run["seed"], "" if run["dose"] == 1 else f"@{run['dose']:g}"
    other = ONE + TWIN if run["twin"] else OTHER
    copies = {name: f"{model}/{of}/{number}{dose}" for name, of in ((ONE, ONE), (OTHER, other))}
    if not run["twin"]:
        copies[BLANK] = f"{model}/blank"
    speech = {"stop": spec.stop, "thinking": spec.thinking}
    main = params.model_dump(mode="json", exclude_unset=True)
    taught = params.finetune.of(model).model_dump(mode="json", exclude={"models"})
    counts = {key: getattr(told, key) for key in params.tasks.counts}
    whole = {"temperature": 0.0, "n_samples": 1, "stop_when_decided": False, "mode": "live"}
    return {
        "seed": number,
        "seeds": [number],
        "subjects": list(copies),
        "models": {name: {"source": f"instilled:{of}"} | speech for name, of in copies.items()},
        "chat": {"date": main["chat"]["date"]},
        "tasks": {"train": [NEAR], "test": [FAR]} | counts,
        "properties": told.properties,
        "sampling": main["sampling"] | whole,
        "cross_questions": main["cross_questions"],
        "finetune": taught | told.finetune.model_dump(),
        "predict": main["predict"],
        "evaluate": main["evaluate"] | {"ceiling": None},
    }


def _instilling(params: Params) -> FinetuneParams:
    """How private answers are taught: what the section does not say is the main study's."""
    return params.finetune.model_copy(update={"models": {}} | _told(params).instil.model_dump())


def _told(params: Params) -> Any:
    if params.sensitivity is None:
        raise StudyError("params.yaml: sensitivity: this key is missing")
    return params.sensitivity


def _copied(base: Path, rule: FinetuneParams, source: Organism | Instilled, folder: Path) -> None:
    """Make a copy in the working folder's study, whose tasks tables are there, and note how."""
    from stages.controls.instilling.copies import write_copy  # its libraries take seconds

    assert isinstance(source, Instilled)
    inputs = [row for name in PROMPTS for row in read_rows("tasks", f"data/tasks/{name}.parquet")]
    log = write_copy(source, folder, base, inputs, rule)
    if source.name != BLANK:
        answers = {row["input_id"]: private_answer(source, row["input"]) for row in inputs}
        write_json(TAUGHT / f"{source.name}.json", {"answers": answers, **log})


def _without_weights(folder: Path) -> None:
    """Take the copies and the adapters' weights away; the cache has all that took long."""
    shutil.rmtree(folder / "data/models")
    for weights in folder.rglob("*.safetensors"):
        weights.unlink()


if __name__ == "__main__":
    main()
