"""What a study compares: the part of its params that every room needs to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Design:
    """Who is compared on what.

    `seed` decides inputs, splits and samples, `seeds` the trainings: each arm is trained once for
    each of them. `train` are the tasks that teach, `test` those that are held out.
    """

    seed: int
    seeds: tuple[int, ...]
    subjects: tuple[str, ...]
    train: tuple[str, ...]
    test: tuple[str, ...]
    properties: tuple[str, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """All tasks, those that teach first."""
        return self.train + self.test

    def others(self, target: str) -> tuple[str, ...]:
        """The subjects that are not the target, in order."""
        return tuple(name for name in self.subjects if name != target)

    def predictors(self, target: str) -> tuple[str, ...]:
        """Who predicts the target: itself first, then the others."""
        return (target, *self.others(target))
