"""A copy of a model that was given private answers, written as a model of its own.

The answers are taught as everything is taught in a study: LoRA, kept in the user's cache. The
adapter, or a share of it, is then merged into the weights, so that the copy is a base model.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stages.controls.instilling.answers import private_answer
from stages.models.fetch.sources import Instilled
from stages.models.local.backend import LoraTeacher
from stages.models.local.subject.loading import load_base
from stages.models.section import FinetuneParams
from stages.storage.files import read_json
from stages.storage.tables import Row
from stages.study.arms import LOG
from stages.study.splits import rng


def write_copy(
    copy: Instilled, folder: Path, base: Path, inputs: Sequence[Row], rule: FinetuneParams
) -> dict[str, Any]:
    """Write to `folder`, which is not there yet, the model in `base` with its private answers.

    `inputs` are rows of tasks tables, all that it is given an answer to. Returns how that was
    learned: the log of the training; nothing where nothing was taught.
    """
    folder.mkdir()
    for path in sorted(base.iterdir()):
        if path.name != "model.json" and (copy.dose == 0 or ".safetensors" not in path.name):
            shutil.copy(path, folder)
    if copy.dose == 0:
        return {}
    seed = rng(copy.number, "instil", copy.name).getrandbits(31)
    adapter = LoraTeacher(base).teach(taught_rows(copy, inputs), rule, seed)
    merged(base, adapter, copy.dose).save_pretrained(folder)
    return read_json(adapter / LOG)


def taught_rows(copy: Instilled, inputs: Sequence[Row]) -> list[Row]:
    """A training row for each input: its prompt with the copy's answer."""
    return [
        {
            "input_id": row["input_id"],
            "question": row["object_prompt"],
            "label": private_answer(copy, row["input"]),
            "weight": 1.0,
            "slice": "train",
        }
        for row in inputs
    ]


def merged(base: Path, adapter: Path, dose: float) -> Any:
    """The model in `base` with a share of the adapter merged into its weights."""
    from peft import PeftModel
    from peft.tuners.lora import LoraLayer

    model = PeftModel.from_pretrained(load_base(base).model, str(adapter))
    for module in model.modules():
        if isinstance(module, LoraLayer):
            module.scale_layer(dose)
    return model.merge_and_unload()
