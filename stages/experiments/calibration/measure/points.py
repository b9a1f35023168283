"""What arms said and what targets did, of each input and property: cases, and points of them.

Array suffixes: N rows, C cases.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.analysis.columns import group_codes, select
from stages.published.calibration import RANKS

ARM = ("kind", "predictor")
PLACE = ("seed", "task", "input_id", "property")
CELL = (*ARM, "seed", "task", "property")
SAID = "predicted_probability"
WHOLE = ("exact", "all")
"""conditions that have every value; an input has one of the two"""


@dataclass(frozen=True)
class Distributions:
    """What arms said, beside what was done; rows are sorted by case.

    `cases` has a row for each arm and place: how much of what it said complied, and its Brier
    scores. `points` has the likeliest values of each case: their probability to be binned by
    (`likely`), as it was measured (`target`), as it was said (`predicted`), said of the other
    inputs of the cell on average (`dealt`) and among the answers that complied (`complied`).
    `published` has the likeliest values as the paper takes them: `target` and `predicted`.
    """

    cases: pd.DataFrame
    points: pd.DataFrame
    published: pd.DataFrame


def distributions(rows: pd.DataFrame) -> Distributions:
    """The outcomes of one target by case."""
    rows = rows.assign(case=group_codes(rows, (*ARM, *PLACE)))
    rows = rows.sort_values(["case", "rank"], kind="stable")
    whole = select(rows, condition=WHOLE)
    cases = whole.drop_duplicates("case")[["case", *ARM, *PLACE]].reset_index(drop=True)
    said = whole[whole[SAID] > 0]
    total_C = _sums(said, said[SAID], len(cases))
    squares_C = _sums(said, said[SAID] ** 2, len(cases))
    cell_C = group_codes(cases, CELL)
    others_C = np.bincount(cell_C)[cell_C] - 1
    in_cell = said.assign(case=cell_C[said["case"]]).groupby(["case", "truth"], observed=True)
    by_cell = in_cell[SAID].sum().reset_index()

    def dealt(of: pd.DataFrame) -> np.ndarray:
        """What the same arm says of the same value on the other inputs."""
        cell_N = cell_C[of["case"]]
        sums_N = np.nan_to_num(_looked_up(by_cell, SAID, cell_N, of["truth"]))
        return _of_others(sums_N, of[SAID].to_numpy(), others_C[of["case"]])

    def brier(squares_C: np.ndarray, said_N: np.ndarray) -> np.ndarray:
        """Mean squared distance of said shares from what is done each time (Brier 1950).

        From 0, certain and right, to 2, certain and wrong.
        """
        return squares_C + _sums(whole, whole["target_probability"] * (1 - 2 * said_N), len(cases))

    squares_dealt_C = _of_others(np.bincount(cell_C, squares_C)[cell_C], squares_C, others_C)
    likely = rows[rows["condition"].isin(["exact", "second_half"]) & rows["rank"].le(RANKS)]
    first = select(rows, condition="first_half")
    first_N = _looked_up(first, "target_probability", likely["case"].to_numpy(), likely["truth"])
    complying_N = np.maximum(total_C, np.finfo(float).tiny)[likely["case"]]
    return Distributions(
        cases.assign(
            compliance=total_C,
            brier=brier(squares_C, whole[SAID].to_numpy()),
            brier_dealt=brier(squares_dealt_C, dealt(whole)),
        ),
        _renamed(likely).assign(
            likely=np.where(np.isnan(first_N), likely["target_probability"], first_N),
            dealt=dealt(likely),
            complied=likely[SAID] / complying_N,
        ),
        _renamed(whole[whole["rank"].le(RANKS)]),
    )


def _of_others(sums_N: np.ndarray, own_N: np.ndarray, others_N: np.ndarray) -> np.ndarray:
    """The mean over the others of a cell, from sums over all of it; one's own where one is alone.

    It is the mean over all ways to deal a cell out, so nothing is drawn.
    """
    found_N = np.maximum(sums_N - own_N, 0) / np.maximum(others_N, 1)
    return np.where(others_N > 0, found_N, own_N)


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
    columns = {"target_probability": "target", SAID: "predicted"}
    return rows[["case", *ARM, *PLACE, "rank", *columns]].rename(columns=columns)
