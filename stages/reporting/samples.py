"""A few rows of each held-out cell, as they were asked and answered, for the page to show."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from stages.storage.errors import StudyError
from stages.storage.tables import Row, read_rows
from stages.study.arms import CROSS, SELF, pair_name
from stages.study.design import Design

INPUTS_PER_CELL = 2
ARMS = [SELF, CROSS]

Cell = tuple[str, str, str]  # target, task, property
Asked = tuple[str, str, str, str]  # predictor, target, input_id, property


def sample_rows(data: Path, design: Design) -> list[Row]:
    """Inputs of each target, task and property with what was asked and what came back.

    Rows are of the first training seed and the first by input_id, which is a hash, so they are
    chosen by chance and stay the same. Each holds the truth and the answers of self and cross.
    Raises StudyError where a table is missing, or has no prediction of a scored row.
    """
    scores = data / "scores.parquet"
    inputs = _first_inputs(scores, design.seeds[0])
    keys = sorted({row["input_id"] for rows in inputs for row in rows})
    said = dict(_said(data / "predictions", design, keys))
    for predictor, target, key, name in (_asked(row) for rows in inputs for row in rows):
        if (predictor, target, key, name) not in said:
            raise StudyError(
                f"{scores}: {name} of input {key} is scored, but is not in "
                f"{data}/predictions/{pair_name(predictor, target)}.parquet; run `dvc repro`"
            )
    return [_shown(rows, [said[_asked(row)] for row in rows]) for rows in inputs]


def _first_inputs(scores: Path, seed: int) -> list[list[Row]]:
    """The score rows of self and cross about the first inputs of each cell, those of one together.

    Sorted by target, task, property and input_id.
    """
    cells: dict[Cell, dict[str, list[Row]]] = {}
    for row in read_rows("scores", scores, kind=ARMS, seed=seed):
        inputs = cells.setdefault((row["target"], row["task"], row["property"]), {})
        inputs.setdefault(row["input_id"], []).append(row)
        if len(inputs) > INPUTS_PER_CELL:
            del inputs[max(inputs)]
    return [rows for cell in sorted(cells) for _, rows in sorted(cells[cell].items())]


def _said(predictions: Path, design: Design, keys: list[str]) -> Iterator[tuple[Asked, Row]]:
    """What self and cross said about those inputs."""
    wanted = {"kind": ARMS, "seed": design.seeds[0], "input_id": keys}
    for target in design.subjects:
        for predictor in design.predictors(target):
            path = predictions / f"{pair_name(predictor, target)}.parquet"
            for row in read_rows("predictions", path, **wanted):
                yield (predictor, target, row["input_id"], row["property"]), row


def _asked(row: Row) -> Asked:
    return row["predictor"], row["target"], row["input_id"], row["property"]


def _shown(rows: Sequence[Row], said: Sequence[Row]) -> Row:
    """One input of a cell, from its score rows and their predictions."""
    first = rows[0]
    return {
        **{name: first[name] for name in ("target", "task", "property", "truth")},
        "question": "\n".join(message["content"] for message in said[0]["question"]),
        "answers": [
            {
                "arm": f"{row['kind']} ({row['predictor']})",
                "raw": answer["raw_answer"],
                "correct": row["correct"],
            }
            for row, answer in zip(rows, said, strict=True)
        ],
    }
