"""Score rows made small enough for git: what was answered, what was right, where rounding decides.

A row of `rows` is one of `scores`, with what versions are compared by. `answer` is missing where it
does not comply; `near_tie` says whether rounding may have decided the row's own answer (of
`own_behavior` that is what M did), and is missing where no model was asked; `behavior_near_tie`
says it of what M, the target before training, answered to the input.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from stages.analysis.baselines import OWN_BEHAVIOR
from stages.analysis.dealt import with_dealt_out
from stages.analysis.evidence import of_seed
from stages.storage.tables import read_columns, write_table
from stages.study.arms import pair_name
from stages.study.design import Design

ARM = ["target", "predictor", "kind", "seed"]
PLACE = ["task", "input_id", "property"]
MOST_BYTES = 1_000_000
MOST_ROWS = 1_000_000
"""more of them never take so few bytes, so that they need not be put together to know it"""


def git_rows(scores: pd.DataFrame, data: Path, design: Design) -> pd.DataFrame:
    """The rows of all arms, sorted by what they are about; near ties are read below `data`."""
    rows = with_dealt_out(scores).rename(columns={"informative": "used"})
    rows["answer"] = rows["answer"].astype(object).where(rows["compliant"].astype(bool), None)
    rows = rows.astype({name: object for name in (*ARM[:3], *PLACE)})
    did = _ties_of_behavior(data, design)
    asked = pd.concat([*_ties_of_predictions(data, design), _as_predictions(did, design)])
    rows = rows.merge(asked, on=[*ARM, *PLACE[1:]], how="left", validate="many_to_one")
    of_target = did.rename(columns={"model": "target", "near_tie": "behavior_near_tie"})
    rows = rows.merge(of_target, on=["target", "input_id"], how="left", validate="many_to_one")
    rows["behavior_near_tie"] = rows["behavior_near_tie"].eq(True)
    names = [*ARM, *PLACE, "truth", "answer", "correct", "dealt_out"]
    rows = rows[[*names, "near_tie", "behavior_near_tie", "used"]]
    order = ["target", "seed", *PLACE, "kind", "predictor"]
    return rows.sort_values(order, kind="stable", ignore_index=True)


def write_git_rows(
    scores: pd.DataFrame, data: Path, design: Design, path: Path, most: int = MOST_BYTES
) -> bool:
    """Write the rows of the scores for git; False where they would have more than `most` bytes.

    Then the table has no row: dvc asks that each output is there.
    """
    if len(scores) <= MOST_ROWS:
        write_table("rows", git_rows(scores, data, design), path)
        if path.stat().st_size <= most:
            return True
    write_table("rows", [], path)
    return False


def _ties_of_behavior(data: Path, design: Design) -> pd.DataFrame:
    """model, input_id, near_tie: whether rounding may have decided any answer of M to an input."""
    every = []
    for model in design.subjects:
        path = data / "behavior" / f"{model}.parquet"
        rows = read_columns("behavior", path, ["input_id", "near_tie"])
        rows = rows.astype({"input_id": object})
        every.append(rows.groupby("input_id", as_index=False)["near_tie"].max().assign(model=model))
    return pd.concat(every)


def _ties_of_predictions(data: Path, design: Design) -> Iterator[pd.DataFrame]:
    """The same of what models were asked about each target, by arm."""
    columns = ["kind", "input_id", "property", "near_tie", "shown", "seed"]
    for target in design.subjects:
        for predictor in design.predictors(target):
            path = data / "predictions" / f"{pair_name(predictor, target)}.parquet"
            rows = read_columns("predictions", path, columns)
            rows = rows[~rows.pop("shown")].astype({"kind": object, "input_id": object})
            rows = rows.astype({"property": object})
            for seed in design.seeds:
                own = of_seed(rows, seed)
                yield own.assign(target=target, predictor=predictor, seed=seed)


def _as_predictions(did: pd.DataFrame, design: Design) -> pd.DataFrame:
    """What M did as what `own_behavior` answers, whoever the target is."""
    arms = [
        (target, name, seed, property_)
        for target in design.subjects
        for name in design.subjects
        for seed in design.seeds
        for property_ in design.properties
    ]
    every = pd.DataFrame(arms, columns=["target", "model", "seed", "property"])
    found = every.merge(did, on="model").assign(kind=OWN_BEHAVIOR)
    return found.rename(columns={"model": "predictor"})
