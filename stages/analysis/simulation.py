"""How often intervals and p-values are right, on simulated score tables whose truth is known.

`python -m stages.simulation` prints what docs/method.md shows. Array suffix: I inputs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd

from stages.analysis.averages import average
from stages.analysis.intervals import Estimate
from stages.analysis.primary import corrected_pairs
from stages.analysis.rule import Rule
from stages.study.arms import CROSS, FRESH_SELF
from stages.study.splits import rng

PROPERTIES = 6
SHARED = 0.6  # correlation of the properties of one input, on the probit scale
PAIRED = 0.4  # correlation of the two arms on one input, likewise
SHARES = (0.5, 0.3, 0.2)  # of the values of a cell among truths
CONFIDENCE = 0.95
ARMS = (FRESH_SELF, CROSS)
How = Literal["accuracy", "knowledge", "evidence"]


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
    tasks: int
    sizes: tuple[int, ...]
    levels: tuple[float, ...]
    gap: float = 0.0
    alike: bool = False

    @property
    def told(self) -> str:
        """What is compared, in words."""
        levels = ", ".join(f"{level:g}" for level in self.levels)
        what = "raw" if self.how == "accuracy" else "corrected"
        priors = {"accuracy": "", "knowledge": ", other priors", "evidence": ", the same priors"}
        return f"{what}: {self.how} {levels}{priors[self.how]}"


def _settings() -> tuple[Setting, ...]:
    """What docs/method.md shows: small and large studies, even and uneven cells."""
    found = []
    for inputs, tasks in ((8, 1), (12, 1), (20, 1), (20, 2), (100, 2)):
        for sizes in ((56,), (8, 1, 12, 56)):
            found += [
                Setting("accuracy", inputs, tasks, sizes, (0.3,)),
                Setting("accuracy", inputs, tasks, sizes, (0.02, 0.3, 0.98)),
                Setting("knowledge", inputs, tasks, sizes, (0.0, 0.3, 0.8)),
                Setting("evidence", inputs, tasks, sizes, (0.5, 1.0, 2.0), alike=True),
            ]
    large = [Setting("accuracy", 120, 3, (56,), (0.3, 0.5, 0.7), gap) for gap in (0.05, 0.1, 0.2)]
    return (*found, *large)


SETTINGS = _settings()


def simulated(random: np.random.Generator, setting: Setting) -> pd.DataFrame:
    """Score rows of both arms, with answers a, b and c; the properties of an input hang together.

    Of accuracies the truth is always a, and what is right is known exactly, as a normal variable
    falls under the cell's threshold or not.
    """
    return pd.concat(_cells(random, setting), ignore_index=True).assign(
        target="m", seed=0, compliant=True
    )


def _cells(random: np.random.Generator, setting: Setting) -> Iterator[pd.DataFrame]:
    number = setting.inputs // setting.tasks
    for task in range(setting.tasks):
        common = random.normal(size=number)
        shared = [
            PAIRED**0.5 * common + (1 - PAIRED) ** 0.5 * random.normal(size=number) for _ in ARMS
        ]
        for name in range(PROPERTIES):
            cell = task * PROPERTIES + name
            size = min(number, setting.sizes[cell % len(setting.sizes)])
            there = np.sort(random.permutation(number)[:size])
            level = setting.levels[cell % len(setting.levels)]
            truth_I, answers = _answers(random, setting, level, shared)
            for kind, predictor, answer_I in zip(ARMS, ("m", "n"), answers, strict=True):
                yield pd.DataFrame(
                    {
                        "kind": kind,
                        "predictor": predictor,
                        "task": task,
                        "property": name,
                        "input_id": there,
                        "answer": answer_I[there],
                        "truth": truth_I[there],
                        "correct": answer_I[there] == truth_I[there],
                    }
                )


def _answers(
    random: np.random.Generator, setting: Setting, level: float, shared: Sequence[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The truths of a cell, and what each arm says, as codes of values."""
    number = len(shared[0])
    own = [SHARED**0.5 * one + (1 - SHARED) ** 0.5 * random.normal(size=number) for one in shared]
    if setting.how == "accuracy":
        levels = (level + setting.gap, level)
        known = [one < NormalDist().inv_cdf(level) for one, level in zip(own, levels, strict=True)]
        return np.zeros(number, dtype=int), [np.where(knows, 0, 1) for knows in known]
    truth_I = random.choice(len(SHARES), number, p=SHARES)
    favors = [(0.8, 0.1, 0.1), (0.8, 0.1, 0.1) if setting.alike else (0.1, 0.1, 0.8)]
    if setting.how == "knowledge":
        bound = NormalDist().inv_cdf(level) if level else -np.inf
        guesses = [random.choice(len(SHARES), number, p=favor) for favor in favors]
        pairs = zip(own, guesses, strict=True)
        return truth_I, [np.where(one < bound, truth_I, guess) for one, guess in pairs]
    values_IV = np.eye(len(SHARES))[truth_I]
    return truth_I, [
        np.argmax(level * values_IV + np.log(favor) + random.gumbel(size=values_IV.shape), axis=1)
        for favor in favors
    ]


def simulate(setting: Setting, numbers: Iterable[int], rule: Rule) -> list[Estimate]:
    """Self minus cross from each of the tables with these numbers; corrected, but of accuracies."""
    found = []
    for n in numbers:
        random = np.random.default_rng(rng(rule.seed, "table", str(setting), n).getrandbits(64))
        pairs = corrected_pairs(simulated(random, setting))
        if setting.how == "accuracy":
            found.append(average(pairs, rule, "raw"))
        else:
            found.append(average(pairs, rule, "minus", differs="varies"))
    return found


def rates(found: Sequence[Estimate], true: float) -> dict[str, float | None]:
    """Of the estimates: how many have an interval; of these, how many cover what is true.

    `naive_coverage` is that of intervals that take rows for independent; `p_under_0.05` and
    `p_permutation_under_0.05` are shares of the p-values that there are. None where there is none.
    """
    names = ("ci_low", "ci_high", "naive_low", "naive_high", "p_value", "p_permutation")
    table = pd.DataFrame([[getattr(one, name) for name in names] for one in found], columns=names)
    table = table.astype(float)
    given, naive = table.dropna(subset="ci_low"), table.dropna(subset="naive_low")
    covered = given["ci_low"].le(true) & given["ci_high"].ge(true)
    naively = naive["naive_low"].le(true) & naive["naive_high"].ge(true)
    return {
        "given": len(given) / len(table),
        "coverage": _share(covered),
        "naive_coverage": _share(naively),
        "p_under_0.05": _share(table["p_value"].dropna() < 1 - CONFIDENCE),
        "p_permutation_under_0.05": _share(table["p_permutation"].dropna() < 1 - CONFIDENCE),
    }


def _share(values: pd.Series) -> float | None:
    return float(values.mean()) if len(values) else None
