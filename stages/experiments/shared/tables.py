"""What the main study's tables hold of one subject, one arm, one target."""

from collections.abc import Iterator

from stages.storage.tables import Row, read_rows
from stages.study.arms import Arm
from stages.study.truth import Cell


def behavior(name: str, seed: int | None = None) -> Iterator[Row]:
    """What a model did, or `<model>-self` of a training seed."""
    return read_rows("behavior", f"data/behavior/{name}.parquet", seed=seed)


def predictions(arm: Arm) -> Iterator[Row]:
    """What an arm answered to the questions that are scored."""
    path = f"data/predictions/{arm.predictions}.parquet"
    return read_rows("predictions", path, kind=arm.kind, seed=arm.seed, shown=False)


def scores(target: str, **wanted: object) -> Iterator[Row]:
    """Scores on a target in its informative cells, which alone count in averages."""
    return read_rows("scores", "data/scores.parquet", target=target, informative=True, **wanted)


def informative(target: str) -> set[Cell]:
    """The informative cells of a target, as judge_cells found them."""
    return {(row["task"], row["property"]) for row in scores(target)}
