"""The section experiments.behavior_change of params.yaml."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from stages.experiments.shared.told import Section
from stages.study.design import Design
from stages.study.section import Count, Rounds

# A file behind path: is not watched; `dvc repro -f experiment@behavior_change-MODEL` after an edit.
KEY = "params.yaml: experiments.behavior_change.answers"


class Told(Section):
    """M1 finetuned on other object-level answers, without any question about itself: MC.

    `answers`: other (those of the next subject's base model), persona:TEXT (its own, with TEXT
    before each prompt) or path:FILE (JSON lines with input_id and response). Of each
    held-out task `inputs` are taught, or all where it has fewer that are rehearsal inputs; none of
    them is judged or scored.
    """

    answers: str
    inputs: Count
    epochs: Rounds
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    batch_inputs: Count

    @field_validator("answers")
    @classmethod
    def _source(cls, value: str) -> str:
        kind, _, rest = value.partition(":")
        if value != "other" and not (kind in ("persona", "path") and rest.strip()):
            raise ValueError("use other, persona:TEXT or path:FILE")
        return value

    def check(self, design: Design, counts: Mapping[str, int]) -> None:
        if not counts["rehearsal_inputs"]:
            raise ValueError(
                f"inputs: {self.inputs} are to be taught, and tasks.rehearsal_inputs is 0: of "
                "held-out tasks only these may be; ask for some"
            )
        if self.answers == "other" and len(design.subjects) == 1:
            raise ValueError(
                "answers: 'other' is what the next subject does, and there is one subject; use "
                "persona:TEXT or path:FILE, or take behavior_change out of experiments.run"
            )
