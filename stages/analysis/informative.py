"""Which cells have behavior worth predicting, by M's own answers before any training.

A cell is uninformative where one value covers nearly all rows or few answers comply; the limits
stand in params.yaml (evaluate.max_mode_share, evaluate.min_compliance) and no prediction is seen.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from stages.analysis.columns import records
from stages.analysis.rule import Limits
from stages.storage.tables import Row
from stages.study.splits import part_of
from stages.study.truth import Cell, entropy_bits, sample_values

JUDGED = ("train", "pilot")
"""what inputs are for by whose answers a cell is judged: neither scored nor rehearsed"""


def behavior_cells(
    model: str,
    behavior: pd.DataFrame,
    inputs: Mapping[str, Row],
    properties: Sequence[str],
    limits: Limits,
) -> list[Row]:
    """One row per task and property on train and pilot inputs: spread, compliance, why not if not.

    `compliance` is the share of answers that comply and have a value of the property; share and
    entropy (bits) of the values are among those.
    """
    judged = [key for key, item in inputs.items() if part_of(item["role"], key) in JUDGED]
    answers = behavior.loc[behavior["input_id"].isin(judged), ["input_id", "response"]]
    values: dict[Cell, list[str | None]] = {}
    roles: dict[str, str] = {}
    for key, name, value in sample_values(records(answers), inputs, properties):
        item = inputs[key]
        roles[item["task"]] = item["role"]
        values.setdefault((item["task"], name), []).append(value)
    table = []
    for (task, name), found in values.items():
        counts = Counter(value for value in found if value is not None)
        common = max(counts, key=counts.__getitem__, default=None)
        share = counts[common] / counts.total() if common is not None else None
        compliance = counts.total() / len(found)
        reason = limits.against(compliance, share)
        table.append(
            {
                "model": model,
                "task": task,
                "role": roles[task],
                "property": name,
                "rows": len(found),
                "values": len(counts),
                "most_common": common,
                "most_common_share": share,
                "entropy_bits": entropy_bits(counts),
                "compliance": compliance,
                "informative": reason is None,
                "reason": reason,
            }
        )
    return table


def informative_cells(table: Iterable[Row]) -> dict[str, set[Cell]]:
    """model -> its informative (task, property) cells on held-out tasks."""
    cells: dict[str, set[Cell]] = {}
    for row in table:
        found = cells.setdefault(row["model"], set())
        if row["informative"] and row["role"] == "test":
            found.add((row["task"], row["property"]))
    return cells
