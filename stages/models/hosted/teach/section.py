"""What `finetune.models.X` says of a hosted model that is taught by jobs of its server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
