"""Score tables whose truth is known, drawn to see how often intervals are right.

Two arms answer about the inputs of some tasks. Truths are drawn, and an answer by what the truth
is; answers about one input hang together, in one arm more than between two. Array suffixes: T
tables, A arms, C cells, I inputs of a task, V values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, softmax

from stages.study.arms import CROSS, FRESH_SELF
from stages.study.splits import rng

SHARED = 0.6  # correlation of the properties of one input, on the probit scale
PAIRED = 0.4  # correlation of the two arms on one input, likewise
SHARES = (0.5, 0.3, 0.2)  # of the values among truths
FAVORED = (0.8, 0.1, 0.1)
How = Literal["accuracy", "knowledge", "evidence"]
Of = Literal["accuracy", "corrected", "gap", "primary"]


@dataclass(frozen=True)
class Setting:
    """What is simulated: `inputs` in `tasks`, cells of `sizes` rows at most, in turn.

    By `how`, `levels` of the cells, in turn, are: the accuracy of cross, to which `gap` is added
    for self; the share of inputs that either arm knows, which else says what it favors; or how
    far the evidence that either has of the true value stands out, to which each adds what it
    favors. What they favor is the same where `alike`.
    """

    how: How
    inputs: int
    sizes: tuple[int, ...]
    levels: tuple[float, ...]
    gap: float = 0.0
    alike: bool = False
    tasks: int = 1
    properties: int = 6
    targets: int = 1

    @property
    def told(self) -> str:
        """What is compared, in words."""
        levels = ", ".join(f"{level:g}" for level in self.levels)
        priors = (
            "" if self.how == "accuracy" else f", {'the same' if self.alike else 'other'} priors"
        )
        return f"{self.how} {levels}{priors}"

    @cached_property
    def in_task(self) -> int:
        """How many inputs a task has."""
        return self.inputs // self.tasks

    @cached_property
    def sizes_C(self) -> np.ndarray:
        """How many rows each cell has: target by target, in these task by task."""
        return np.minimum(self._of_cells(self.sizes), self.in_task)

    @cached_property
    def shares_V(self) -> np.ndarray:
        """How often each value is true; of accuracies always the first one."""
        return np.array((1.0, 0.0, 0.0) if self.how == "accuracy" else SHARES)

    @cached_property
    def says_ACVV(self) -> np.ndarray:
        """How often an arm says the second value where the first is true."""
        favors = np.array([FAVORED, FAVORED if self.alike else FAVORED[::-1]])
        same_VV, values = np.eye(len(SHARES)), len(SHARES)
        found = []
        for favored_V, gap in zip(favors, (self.gap, 0.0), strict=True):
            for level in self._of_cells(self.levels):
                if self.how == "evidence":
                    found.append(softmax(level * same_VV + np.log(favored_V), axis=1))
                elif self.how == "knowledge":
                    found.append(level * same_VV + (1 - level) * favored_V)
                else:
                    wrong = (1 - level - gap) / (values - 1)
                    found.append((level + gap - wrong) * same_VV + wrong)
        return np.array(found).reshape(len(favors), -1, values, values)

    def true_C(self, of: Of) -> np.ndarray:
        """Of each cell what is true: of self its accuracy or what it knows, or self minus cross."""
        right_AC = np.einsum("v,acvv->ac", self.shares_V, self.says_ACVV)
        if of in ("corrected", "primary"):
            shares = self.shares_V, self.shares_V
            right_AC = right_AC - np.einsum("w,v,acvw->ac", *shares, self.says_ACVV)
        return right_AC[0] if of in ("accuracy", "corrected") else right_AC[0] - right_AC[1]

    def _of_cells(self, values: Sequence[float]) -> np.ndarray:
        return np.resize(values, self.targets * self.tasks * self.properties)


def simulated(setting: Setting, seed: int, numbers: Sequence[int]) -> pd.DataFrame:
    """The score rows of the tables with these numbers, which stand in the column `seed`.

    So their cells are apart, as those of training seeds are. Each table is drawn by (seed, setting,
    its number) alone.
    """
    drawn = [
        _table(np.random.default_rng(rng(seed, "table", str(setting), n).getrandbits(64)), setting)
        for n in numbers
    ]
    there_TCI, truth_TCI, said_TACI = (np.array(part) for part in zip(*drawn, strict=True))
    table_N, cell_N, input_N = np.nonzero(there_TCI)
    task_N = cell_N // setting.properties
    truth_N = truth_TCI[there_TCI]
    every = []
    for arm, kind in enumerate((FRESH_SELF, CROSS)):
        said_N = said_TACI[:, arm][there_TCI]
        target_N = task_N // setting.tasks
        columns = {
            "target": target_N,
            "predictor": target_N if kind == FRESH_SELF else target_N + setting.targets,
            "seed": np.asarray(numbers)[table_N],
            "task": task_N % setting.tasks,
            "property": cell_N % setting.properties,
            "input_id": input_N,
            "cell": cell_N,
            "answer": said_N,
            "truth": truth_N,
            "correct": said_N == truth_N,
        }
        every.append(pd.DataFrame(columns).assign(kind=kind, compliant=True))
    return pd.concat(every, ignore_index=True)


def _table(random: np.random.Generator, setting: Setting) -> tuple[np.ndarray, ...]:
    """Which rows there are, the truths, and what each arm says."""
    inputs, cells = setting.in_task, len(setting.sizes_C)
    order_CI = np.argsort(random.random((cells, inputs)), axis=1)
    there_CI = order_CI < setting.sizes_C[:, None]
    chance_CI = ndtr(_hanging_together(random, setting, 0.0)[0])
    truth_CI = (chance_CI[..., None] > setting.shares_V.cumsum()[:-1]).sum(-1)
    chance_ACI = ndtr(_hanging_together(random, setting, PAIRED))
    # What is true is said where chance is low, so that being right hangs together.
    says_ACIV = setting.says_ACVV[:, np.arange(cells)[:, None], truth_CI]
    first_CIV = (truth_CI[..., None] + np.arange(len(SHARES))) % len(SHARES)
    turned_ACIV = np.take_along_axis(says_ACIV, first_CIV[None], -1)
    places_ACI = (chance_ACI[..., None] > turned_ACIV.cumsum(-1)[..., :-1]).sum(-1)
    return there_CI, truth_CI, (truth_CI + places_ACI) % len(SHARES)


def _hanging_together(random: np.random.Generator, setting: Setting, paired: float) -> np.ndarray:
    """Normal variables of arms by cells by inputs; those of one input are correlated."""
    inputs = setting.in_task
    blocks = (2, setting.targets, setting.tasks)
    of_task = random.normal(size=(setting.tasks, inputs))
    of_arm = paired**0.5 * of_task + (1 - paired) ** 0.5 * random.normal(size=(*blocks, inputs))
    of_cell = random.normal(size=(*blocks, setting.properties, inputs))
    found = SHARED**0.5 * of_arm[..., None, :] + (1 - SHARED) ** 0.5 * of_cell
    return found.reshape(2, -1, inputs)
