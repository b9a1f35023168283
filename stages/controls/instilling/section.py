"""The section `sensitivity` of params.yaml."""

from typing import Annotated

from pydantic import Field, field_validator

from stages.controls.instilling.prompts import FAMILY
from stages.models.section import MOST_RANK, Rate
from stages.study.properties import PROPERTIES
from stages.study.section import MOST, Count, Rounds, Strict, members


class InstilParams(Strict):
    """How private answers are instilled: LoRA on prompts and answers, each an input of a batch."""

    epochs: Rounds
    batch_inputs: Count
    learning_rate: Rate
    lora_rank: Annotated[int, Field(ge=1, le=MOST_RANK)]
    lora_alpha: Count


class CopyFinetuneParams(Strict):
    """What must differ where the arms of the copies' study are taught, as they have few inputs."""

    epochs: Rounds
    batch_inputs: Count


class SensitivityParams(Strict):
    """A small study of copies of each subject; what is not said here is as in the main study.

    A copy is given an answer to each of its inputs.
    """

    instil: InstilParams
    finetune: CopyFinetuneParams
    properties: list[str] = Field(min_length=1)
    train_inputs: Count
    rehearsal_inputs: Annotated[int, Field(ge=0, le=MOST)]
    pilot_inputs: Count
    test_inputs: Count

    @field_validator("properties")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        fitting = [name for name, of in PROPERTIES.items() if FAMILY in of.families]
        return members(names, fitting, "property of two words")
