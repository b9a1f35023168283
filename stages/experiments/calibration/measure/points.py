"""What arms said and what targets did, of each input and property: cases, and points of them.

Array suffixes: N rows, C cases.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.analysis.columns import group_codes, groups, select
from stages.published.calibration import RANKS
from stages.study.splits import rng

ARM = ("kind", "predictor")
PLACE = ("seed", "task", "input_id", "property")
WHOLE = ("exact", "all")
"""conditions that have every value; an input has one of the two"""


@dataclass(frozen=True)
class Distributions:
    """What arms said, beside what was done; rows are sorted by case.

    `cases` has a row for each arm and place: how much of what it said complied, and its Brier
    scores. `points` has the likeliest values of each case: their probability to be binned by
    (`likely`), as it was measured (`target`), as it was said (`predicted`), said of another input
    (`dealt`) and among the answers that complied (`complied`). `published` has the likeliest values
    as the paper takes them: `target` and `predicted`.
    """

    cases: pd.DataFrame
    points: pd.DataFrame
    published: pd.DataFrame


def distributions(rows: pd.DataFrame, seed: int) -> Distributions:
    """The outcomes of one target by case."""
    rows = rows.assign(case=group_codes(rows, (*ARM, *PLACE)))
    rows = rows.sort_values(["case", "rank"], kind="stable")
    whole = select(rows, condition=WHOLE)
    cases = whole.drop_duplicates("case")[["case", *ARM, *PLACE]].reset_index(drop=True)
    other_C = _dealt_out(cases, seed)
    said = whole[whole["predicted_probability"] > 0]
    total_C = _sums(said, said["predicted_probability"], len(cases))
    squares_C = _sums(said, said["predicted_probability"] ** 2, len(cases))

    def dealt(of: pd.DataFrame) -> np.ndarray:
        """What the same arm says of the same value on another input."""
        found_N = _looked_up(said, "predicted_probability", other_C[of["case"]], of["truth"])
        return np.nan_to_num(found_N)

    def brier(squares_C: np.ndarray, said_N: np.ndarray) -> np.ndarray:
        """Mean squared distance of said shares from what is done each time (Brier 1950).

        From 0, certain and right, to 2, certain and wrong.
        """
        return squares_C + _sums(whole, whole["target_probability"] * (1 - 2 * said_N), len(cases))

    likely = rows[rows["condition"].isin(["exact", "second_half"]) & rows["rank"].le(RANKS)]
    first = select(rows, condition="first_half")
    first_N = _looked_up(first, "target_probability", likely["case"].to_numpy(), likely["truth"])
    complying_N = np.maximum(total_C, np.finfo(float).tiny)[likely["case"]]
    return Distributions(
        cases.assign(
            compliance=total_C,
            brier=brier(squares_C, whole["predicted_probability"].to_numpy()),
            brier_dealt=brier(squares_C[other_C], dealt(whole)),
        ),
        _renamed(likely).assign(
            likely=np.where(np.isnan(first_N), likely["target_probability"], first_N),
            dealt=dealt(likely),
            complied=likely["predicted_probability"] / complying_N,
        ),
        _renamed(whole[whole["rank"].le(RANKS)]),
    )


def _dealt_out(cases: pd.DataFrame, seed: int) -> np.ndarray:
    """Case -> the next one of its arm's cell after a shuffle; itself where it is alone there."""
    other_C = np.zeros(len(cases), dtype=np.int64)
    for (*_, trained, task, name), own in groups(cases, *ARM, "seed", "task", "property"):
        dealt = own["case"].tolist()
        rng(seed, "dealt_out", int(trained), task, name).shuffle(dealt)
        other_C[dealt] = [*dealt[1:], dealt[0]]
    return other_C


def _sums(rows: pd.DataFrame, values: pd.Series, count: int) -> np.ndarray:
    """The sum of the values of each case."""
    return np.bincount(rows["case"], values, minlength=count)


def _looked_up(
    table: pd.DataFrame, column: str, case_N: np.ndarray, value: pd.Series
) -> np.ndarray:
    """A column of the rows about these cases and values; NaN where there is none."""
    wanted = pd.DataFrame({"case": case_N, "truth": value.reset_index(drop=True)})
    found = wanted.merge(table[["case", "truth", column]], on=["case", "truth"], how="left")
    return found[column].to_numpy()


def _renamed(rows: pd.DataFrame) -> pd.DataFrame:
    columns = {"target_probability": "target", "predicted_probability": "predicted"}
    return rows[["case", *ARM, *PLACE, "rank", *columns]].rename(columns=columns)
