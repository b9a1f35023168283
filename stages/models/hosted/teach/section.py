"""What `finetune.models.X` says of a hosted model that is taught by jobs of its server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import field_validator

from stages.study.section import Strict


class JobsParams(Strict):
    """hyperparameters are sent as they stand, such as {batch_size: 8}; epochs are finetune's.

    What is not named is the server's to choose. older_shape: they are sent as a key of their own
    and not within `method`, which servers that followed OpenAI early want.
    """

    teach: Literal["openai_jobs"]
    hyperparameters: dict[str, bool | int | float | str]
    older_shape: bool = False

    @field_validator("hyperparameters")
    @classmethod
    def _others(cls, told: Mapping[str, Any]) -> Mapping[str, Any]:
        if "n_epochs" in told:
            raise ValueError("'n_epochs' is finetune.epochs, the same for all; leave it out")
        return told


@dataclass(frozen=True)
class JobSettings:
    """What decides a job beside model and rows; `older_shape` only how it is said."""

    epochs: int
    seed: int
    hyperparameters: Mapping[str, Any]
    older_shape: bool = False

    @property
    def parts(self) -> dict[str, Any]:
        """What of them decides the model."""
        told = dict(self.hyperparameters)
        return {"epochs": self.epochs, "seed": self.seed, "hyperparameters": told}

    @property
    def sent(self) -> dict[str, Any]:
        """The hyperparameters as a job is told them."""
        told = {"n_epochs": self.epochs, **self.hyperparameters}
        if self.older_shape:
            return {"hyperparameters": told}
        return {"method": {"type": "supervised", "supervised": {"hyperparameters": told}}}
