"""Arms: who predicts whom, after which training; and the names of what belongs to an arm.

data/behavior/<model>                     what M did
data/behavior/<model>-self                what M1 did, of all training seeds
data/datasets/<target>-self               questions with M's answers
data/datasets/<target>-cross, -fresh      with M1's, as other models are asked, as M1 itself is
data/adapters/<model>-self/seed-N         M trained on its own answers: M1
data/adapters/<predictor>-on-<target>/seed-N   trained on M1's: cross, or the fresh-label self
                                          (either of a model that is not trained says so alone)
data/predictions/<predictor>-on-<target>  what all of them said about M1
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.study.splits import rng

UNTRAINED, SELF, FRESH_SELF, CROSS = "untrained", "self", "fresh_self", "cross"
EXAMPLES_SELF, EXAMPLES_CROSS = "examples_self", "examples_cross"
"""taught by examples in the prompt: M1 itself, and another model that was not trained"""
GIVEN = "given"
"""answers of a file; the predictor is its name"""
PARTS = ("on", "self", "cross", "fresh")
"""what joins the parts of the names below, so no model is called so"""


def self_name(model: str) -> str:
    """M1: its adapter, its behavior, and the dataset that it is trained on."""
    return f"{model}-self"


def cross_dataset(target: str) -> str:
    """The dataset of M1's answers that trains cross-predictors."""
    return f"{target}-cross"


def fresh_dataset(target: str) -> str:
    """The same labels in the second person, which train the fresh-label self."""
    return f"{target}-fresh"


def pair_dataset(predictor: str, target: str) -> str:
    """The dataset that teaches a predictor what M1 did."""
    return fresh_dataset(target) if predictor == target else cross_dataset(target)


def pair_name(predictor: str, target: str) -> str:
    """The adapter of a predictor that was trained on M1's answers, and the table of predictions."""
    return f"{predictor}-on-{target}"


def subject_name(adapter: str, seed: int) -> str:
    """A trained subject, and its adapter's folder below data/adapters."""
    return f"{adapter}/seed-{seed}"


LOG = "train_log.json"
"""of an adapter: how its training went, or that there was none"""
NOT_TRAINED = {"trained": False}
"""all that the log says of a model that is shown examples and not trained; its M1 is M"""


def arm_seed(seed: int, adapter: str) -> int:
    """A number of 31 bits that seed and name of an adapter decide."""
    return rng(seed, "arm", adapter).getrandbits(31)


def was_trained(log: Mapping[str, Any]) -> bool:
    """Whether there was a training, by its log."""
    return bool(log.get("trained", True))


def collision(models: Sequence[str]) -> str | None:
    """Which two of the models, or pairs of them, would make one cell of dvc or one file; or None.

    A cell of a predictor and a target is named by both, joined with '-'. Files are told apart
    without their case, as they are on a Mac.
    """
    made: dict[tuple[str, str], str] = {}
    for kind, name, owner in _made(models):
        other = made.setdefault((kind, name), owner)
        if other != owner:
            return f"{other} and {owner} would both make the {kind} {name!r}; rename a model"
    return None


def _made(models: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(cell or file, its name, of whom) for all that a study of the models makes."""
    for model in models:
        for name in (model, self_name(model), cross_dataset(model), fresh_dataset(model)):
            yield "file", name.casefold(), repr(model)
    for model in models:
        for target in models:
            owner = f"{model!r} on {target!r}"
            yield "cell", f"{model}-{target}", owner
            yield "file", pair_name(model, target).casefold(), owner


@dataclass(frozen=True, order=True)
class Arm:
    """One predictor of one target. `seed` is that of the training; None where there was none.

    A baseline is an arm too: its predictor is the model or the dataset that it takes its answers
    from.
    """

    target: str
    predictor: str
    kind: str
    seed: int | None

    @property
    def adapter(self) -> str | None:
        """The name of its adapter; None where it has none."""
        if self.kind in (SELF, EXAMPLES_SELF):
            return self_name(self.target)
        if self.kind in (FRESH_SELF, CROSS):
            return pair_name(self.predictor, self.target)
        return None

    @property
    def dataset(self) -> str | None:
        """The dataset that it is trained on; None where it is not trained."""
        if self.kind in (SELF, EXAMPLES_SELF):
            return self_name(self.target)
        if self.kind in (FRESH_SELF, CROSS):
            return pair_dataset(self.predictor, self.target)
        return None

    @property
    def predictions(self) -> str:
        """The table of its predictions."""
        return pair_name(self.predictor, self.target)


def model_kinds(predictor: str, target: str) -> tuple[str, ...]:
    """The kinds of arms in which a model predicts the target, in the order in which it is asked."""
    return (UNTRAINED, SELF, FRESH_SELF) if predictor == target else (CROSS,)
