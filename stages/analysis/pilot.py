"""What cells are judged by: M1's pilot answers, and what arms say of them when they are shown.

Nothing of a scored row is kept of any table, so that no scored row can decide which cells count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stages.analysis.columns import records
from stages.storage.files import read_json
from stages.storage.tables import Row, read_columns, read_rows
from stages.study.arms import (
    LOG,
    UNTRAINED,
    Arm,
    model_kinds,
    pair_name,
    self_name,
    subject_name,
    was_trained,
)
from stages.study.design import Design
from stages.study.splits import part_of

DID = ("input_id", "sample", "response", "seed")
SAID = ("kind", "input_id", "property", "answer", "compliant", "shown", "seed")


@dataclass(frozen=True)
class Pilot:
    """The pilot rows of a study."""

    inputs: Mapping[str, Row]
    """rows of the tasks tables of the held-out tasks, by input_id"""
    did: Mapping[str, Sequence[Row]]
    """target -> what M1 answered on pilot inputs, of all training seeds"""
    said: Mapping[Arm, Sequence[Row]]
    """trained arm -> its predictions on pilot inputs with the answer shown"""


def read_pilot(design: Design, data: Path) -> Pilot:
    """The pilot rows below the folder `data`.

    Raises StudyError that names the file where one is missing or wrong.
    """
    inputs = {
        row["input_id"]: row
        for task in design.test
        for row in read_rows("tasks", data / "tasks" / f"{task}.parquet")
    }
    pilot = {key for key, row in inputs.items() if part_of(row["role"], key) == "pilot"}

    def read(kind: str, name: str, columns: Sequence[str]) -> list[Row]:
        rows = read_columns(kind, data / kind / f"{name}.parquet", columns)
        return records(rows[rows["input_id"].isin(pilot)].astype(object))

    did = {target: read("behavior", self_name(target), DID) for target in design.subjects}
    said: dict[Arm, Sequence[Row]] = {}
    for target in design.subjects:
        for predictor in design.predictors(target):
            rows = read("predictions", pair_name(predictor, target), SAID)
            for arm in _trained(predictor, target, design, data):
                said[arm] = [
                    row
                    for row in rows
                    if row["shown"] and (row["kind"], row["seed"]) == (arm.kind, arm.seed)
                ]
    return Pilot(inputs, did, said)


def _trained(predictor: str, target: str, design: Design, data: Path) -> list[Arm]:
    """The arms of a predictor that there are, by the log of each training."""
    arms = [
        Arm(target, predictor, kind, seed)
        for kind in model_kinds(predictor, target)
        if kind != UNTRAINED
        for seed in design.seeds
    ]
    return [
        arm
        for arm in arms
        if was_trained(
            read_json(data / "adapters" / subject_name(str(arm.adapter), int(arm.seed or 0)) / LOG)
        )
    ]
