"""Which cells count, judged before any scored row is looked at: docs/method.md has the rule.

A cell is used where M1's pilot answers vary and comply, and where those who are compared (fresh
self and every cross) say more than the most common value once the answer stands in the question,
and alike often: a property that an arm cannot read off an answer tells nothing of what it knows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import fmean

from stages.analysis.ceilings import Values, cannot_read, ceiling_rows
from stages.analysis.pilot import Pilot
from stages.analysis.rule import Limits
from stages.storage.errors import StudyError
from stages.storage.tables import Row, read_table
from stages.study.design import Design
from stages.study.prompts import asked_properties, can_be_shown
from stages.study.properties import property_value
from stages.study.truth import Cell, entropy_bits

OWN_QUESTIONS = "the task brings its own questions, in which no answer can be shown"


def judge(pilot: Pilot, design: Design, limits: Limits) -> list[Row]:
    """A row of the cells table for each target, held-out task and property that is asked there.

    M1's answer is its first sample. `rows` counts the pilot inputs that are asked; `compliance` is
    the share of them with a value, `mode_share` and `entropy_bits` are among those, each the worst
    of all training seeds. Every seed must pass.
    """
    cells = held_out_cells(pilot.inputs.values(), design)
    return [
        _judged(target, cell, pilot, dict(_values(target, cell, pilot, design)), limits)
        for target in design.subjects
        for cell in cells
    ]


def held_out_cells(inputs: Iterable[Row], design: Design) -> list[Cell]:
    """The (task, property) cells of the held-out tasks, in the order of the study."""
    asked: dict[str, set[str]] = {task: set() for task in design.test}
    for row in inputs:
        if row["task"] in asked:
            asked[row["task"]].update(asked_properties(row, design.properties))
    return [
        (task, name) for task in design.test for name in design.properties if name in asked[task]
    ]


def read_cells(path: Path, inputs: Iterable[Row], design: Design) -> list[Row]:
    """The rows of the cells table that are of this study.

    Raises StudyError where the table is missing, or lacks a cell.
    """
    cells = {
        (target, *cell) for target in design.subjects for cell in held_out_cells(inputs, design)
    }
    found = {
        (row["target"], row["task"], row["property"]): row for row in read_table("cells", path)
    }
    for target, task, name in sorted(cells - found.keys()):
        raise StudyError(
            f"{path}: {name} in {task} is not judged for {target}; run `dvc repro judge_cells`, so "
            "that all tables come from the same params"
        )
    return [row for cell, row in found.items() if cell in cells]


def used_cells(rows: Iterable[Row]) -> dict[str, set[Cell]]:
    """target -> its (task, property) cells that count."""
    cells: dict[str, set[Cell]] = {}
    for row in rows:
        own = cells.setdefault(row["target"], set())
        if row["used"]:
            own.add((row["task"], row["property"]))
    return cells


def ceiling_of(
    cells: Iterable[Row],
    target: str,
    predictor: str,
    kind: str,
    what: str = "ceiling",
) -> float | None:
    """Mean over the used cells of an arm's accuracy with the answer shown, over its seeds.

    With `what` mode, of what the most common answer gets there. None where it was shown no answer
    in any of them.
    """
    own = (row["ceilings"] for row in cells if row["target"] == target and row["used"])
    whose = (predictor, kind)
    found = [
        _mean(row[what] for row in ceilings if (row["predictor"], row["kind"]) == whose)
        for ceilings in own
    ]
    there = [ceiling for ceiling in found if ceiling is not None]
    return fmean(there) if there else None


def _mean(found: Iterable[float | None]) -> float | None:
    values = [value for value in found if value is not None]
    return fmean(values) if values else None


def _values(
    target: str, cell: Cell, pilot: Pilot, design: Design
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """(training seed, pilot input -> value of M1's answer, None where there is none) of a cell."""
    task, name = cell
    for seed in design.seeds:
        found = {}
        for row in pilot.did[target]:
            item = pilot.inputs[row["input_id"]]
            asked = item["task"] == task and name in asked_properties(item, design.properties)
            if asked and (row["seed"], row["sample"]) == (seed, 0):
                given = {"options": item["options"], "trait_option": item["trait_option"]}
                value = property_value(name, row["response"], item["family"], **given)
                found[row["input_id"]] = value
        yield seed, found


def _judged(
    target: str, cell: Cell, pilot: Pilot, values: Mapping[int, Values], limits: Limits
) -> Row:
    """The row of a cell: by the variety of M1's answers first, then by who can read them."""
    counts = [Counter(v for v in did.values() if v is not None) for did in values.values()]
    rows = min(map(len, values.values()))
    complied = [
        of.total() / max(len(did), 1) for of, did in zip(counts, values.values(), strict=True)
    ]
    shares = [max(of.values()) / of.total() for of in counts if of]
    share = max(shares) if len(shares) == len(values) else None
    entropies = [bits for bits in map(entropy_bits, counts) if bits is not None]
    reason = limits.against(min(complied), share)
    ceilings = list(ceiling_rows(target, cell, pilot, values)) if limits.ceiling else []
    if limits.ceiling and reason is None:
        own = any(
            item["task"] == cell[0] and not can_be_shown(item) for item in pilot.inputs.values()
        )
        reason = OWN_QUESTIONS if own and ceilings else cannot_read(ceilings, limits.ceiling)
    return {
        "target": target,
        "task": cell[0],
        "property": cell[1],
        "rows": rows,
        "compliance": min(complied) if rows else None,
        "mode_share": share,
        "entropy_bits": min(entropies) if share is not None else None,
        "ceilings": ceilings,
        "used": reason is None,
        "reason": reason,
    }
