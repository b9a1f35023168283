"""The rows that flipped, in words and tables."""

from collections.abc import Mapping

from stages.comparison.flipped import CellFlips, Flips
from stages.comparison.told.blocks import Block, Table, Words
from stages.comparison.told.words import counted
from stages.storage.errors import plain
from stages.storage.tables import Row
from stages.study.arms import CROSS, FRESH_SELF, GIVEN, SELF, UNTRAINED

MOST_CELLS, BRIEF_CELLS = 6, 3
LONGEST, LONGEST_INPUT = 24, 40  # characters of a text that are shown
ARMS = {FRESH_SELF: "fresh self", CROSS: "cross", SELF: "self", UNTRAINED: "untrained"}


def told_flips(flips: Flips, brief: bool, inputs: Mapping[str, str]) -> list[Block]:
    """How many rows flipped, the cells of the most and, unless it is to be brief, some of them."""
    others, behaviors = flips.behaviors
    summary = (
        f"Of {counted(flips.rows, 'answer')} {flips.to_right:,} became right and "
        f"{flips.to_wrong:,} wrong; targets did something else in {others:,} of {behaviors:,} "
        "cases."
    )
    if not flips.cells:
        return [Words("Rows that flipped", "heading"), Words(summary)]
    most = BRIEF_CELLS if brief else MOST_CELLS
    if brief:
        cells = "; ".join(_in_line(cell) for cell in flips.cells[:most])
        return [Words("Rows that flipped", "heading"), Words(f"{summary} Most of them: {cells}.")]
    blocks: list[Block] = [Words("Rows that flipped", "heading"), Words(summary)]
    blocks.append(
        Table(
            ["target", "arm", "task", "property", "became right", "wrong", "of rows"],
            [
                [c.target, _arm(c.kind, c.predictor), c.task, c.property]
                + [f"{n:,}" for n in (c.to_right, c.to_wrong, c.rows)]
                for c in flips.cells[:most]
            ],
            words=4,
        )
    )
    if len(flips.cells) > most:
        blocks.append(Words(f"{len(flips.cells) - most} more cells have flips."))
    blocks.append(
        Table(
            ["target", "arm", "property", "input", "truth", "answer", "is now"],
            [_row(row, inputs) for row in flips.sample],
            words=7,
        )
    )
    return blocks


def _in_line(cell: CellFlips) -> str:
    arm = _arm(cell.kind, cell.predictor)
    return (
        f"{arm} on {cell.target}, {cell.property} of {cell.task} (+{cell.to_right} "
        f"−{cell.to_wrong} of {cell.rows})"
    )


def _arm(kind: str, predictor: str) -> str:
    name = ARMS.get(kind, kind)
    return f"{name} ({predictor})" if kind in (CROSS, GIVEN) else name


def _row(row: Row, inputs: Mapping[str, str]) -> list[str]:
    text = inputs.get(row["input_id"])
    about = f"{row['task']}: {text}" if text else f"{row['task']} {row['input_id']}"
    return [
        str(row["target"]),
        _arm(row["kind"], str(row["predictor"])),
        str(row["property"]),
        cut(about, LONGEST_INPUT),
        _change(row["old_truth"], row["truth"]),
        _change(row["old_answer"], row["answer"]),
        "right" if row["is_right"] else "wrong",
    ]


def _change(old: object, new: object) -> str:
    """A value, or what it was and what it is; a dash where an answer does not comply."""
    was, now = ("-" if not isinstance(of, str) else cut(of) for of in (old, new))
    return now if was == now else f"{was} → {now}"


def cut(text: str, longest: int = LONGEST) -> str:
    """The text in one line, as much of it as is shown; what acts unseen by its number."""
    text = plain(" ".join(text.split()))
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
