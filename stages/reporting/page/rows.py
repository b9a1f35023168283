"""Every scored row with all that was asked and answered about it, for the browser of the page.

A row is one property of one answer: the object-level prompt, the behavior, the question in each
wording that it was asked in, the truth, and what each arm said. Rows are lists of numbers, of names
and of `Texts`; rows.js is the only other reader of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from stages.reporting.page.asked import Asked, read_asked
from stages.reporting.page.texts import MOST_SAID, Texts
from stages.reporting.palette import LOOKS, arm_name, in_order, is_baseline
from stages.storage.tables import Row, read_columns
from stages.study.design import Design

MOST_ROWS = 20_000
"""of more, those of the first inputs by id are shown, which is a hash"""
FIRST = 2
"""inputs of a cell that are shown to who runs no script"""
WRONG, RIGHT, UNREAD = 0, 1, 2
USED, ANSWERS = 4, 9
"""where a row says whether its cell is used, and what arms answered"""
MODE = "mode"
PLACE = ["target", "seed", "task", "input_id", "property"]
COLUMNS = [
    *(*PLACE, "predictor", "kind", "truth", "answer", "compliant", "correct"),
    *("mode_answer", "mode_correct", "informative"),
]


def browsed(data: Path, design: Design) -> Row:
    """What the browser shows: names, texts, arms in their order, and rows.

    A row is [target, seed, task, property, whether its cell is used, prompt, behavior, truth,
    questions, answers]; a question is [opening, ending, the arms that were asked so], answers are
    by arm, 0 or a list of [predictor, text, WRONG, RIGHT or UNREAD]. `left_out` counts rows that
    are too many. Raises StudyError where a table is missing, or lacks what was scored.
    """
    scores, left_out = _fewer(read_columns("scores", data / "scores.parquet", COLUMNS))
    orders = _orders(design)
    for name, order in orders.items():
        scores[name] = scores[name].astype(pd.CategoricalDtype(order, ordered=True))
    scores = scores.sort_values([*PLACE, "predictor"]).astype(object)
    asked = read_asked(data, design, sorted(set(scores["input_id"])))
    kinds = in_order({*scores["kind"], MODE})
    texts = Texts()
    rows = [
        _row(list(own), asked, kinds, texts, orders)
        for _, own in groupby(_records(scores), lambda row: [row[name] for name in PLACE])
    ]
    names = {f"{name}_names": order for name, order in orders.items()}
    arms = [_arm(kind) for kind in kinds]
    return {**names, "arms": arms, "texts": texts.all, "rows": rows, "left_out": left_out}


def _orders(design: Design) -> dict[str, list[Any]]:
    return {
        "target": list(design.subjects),
        "seed": list(design.seeds),
        "task": list(design.test),
        "property": list(design.properties),
    }


def _fewer(scores: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The score rows of as many inputs as MOST_ROWS allows, and how many rows that leaves out."""
    sizes = scores[PLACE].drop_duplicates()["input_id"].astype(str).value_counts().sort_index()
    kept = sizes[sizes.cumsum() <= MOST_ROWS]
    few = scores if len(kept) == len(sizes) else scores[scores["input_id"].isin(kept.index)]
    return few, int(sizes.sum() - kept.sum())


def _records(scores: pd.DataFrame) -> Iterator[Row]:
    scores = scores.where(scores.notna(), None)
    columns = [scores[name].tolist() for name in COLUMNS]
    return (dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=True))


def _arm(kind: str) -> Row:
    look = {"sign": LOOKS[kind].sign, "color": LOOKS[kind].color} if kind in LOOKS else {}
    return {"kind": kind, "name": arm_name(kind), "baseline": is_baseline(kind), **look}


def _row(
    own: list[Row], asked: Asked, kinds: list[str], texts: Texts, orders: dict[str, list[Any]]
) -> list[Any]:
    """The score rows of all arms about one property of one answer."""
    first, answers = own[0], dict[str, list[Any]]()
    questions = defaultdict[str, set[int]](set)
    for row in own:
        said = asked.said(row)
        if said is not None:
            questions[said.question].add(kinds.index(row["kind"]))
        answers.setdefault(row["kind"], []).append(
            _answer(row, said.answer if said else None, texts)
        )
    mode = [-1, texts.number(str(first["mode_answer"])), int(first["mode_correct"])]
    answers[MODE] = [mode]
    words = (
        asked.prompts[first["input_id"]],
        asked.behavior(first["target"], first["seed"], first["input_id"]),
        first["truth"],
    )
    return [
        *(order.index(first[name]) for name, order in orders.items()),
        int(first["informative"]),
        *map(texts.number, words),
        [[*_parts(text, texts), sorted(arms)] for text, arms in questions.items()],
        [answers.get(kind, 0) for kind in kinds],
    ]


def _answer(row: Row, said: str | None, texts: Texts) -> list[int]:
    """Who said what, and whether that is right; the predictor is -1 where it is the target."""
    who = -1 if row["predictor"] == row["target"] else texts.number(row["predictor"])
    mark = RIGHT if row["correct"] else WRONG if row["compliant"] else UNREAD
    return [who, texts.number((row["answer"] or "") if said is None else said, MOST_SAID), mark]


def _parts(question: str, texts: Texts) -> tuple[int, int]:
    """A question as its opening, which those on one input share, and its last line."""
    opening, _, ending = question.rpartition("\n")
    return texts.number(opening), texts.number(ending)


def first_rows(found: Row) -> list[Row]:
    """Rows of `browsed` in words: those of the first FIRST inputs of each cell, of one seed."""
    texts, seen, shown = found["texts"], Counter[tuple[int, ...]](), []
    for row in found["rows"]:
        target, seed, task, name, _, prompt, behavior, truth, questions, answers = row
        seen[target, task, name] += seed == 0
        if seed or seen[target, task, name] > FIRST:
            continue
        opening, ending, _ = questions[0] if questions else (truth, truth, [])
        shown.append(
            {
                "target": found["target_names"][target],
                "task": found["task_names"][task],
                "property": found["property_names"][name],
                "prompt": texts[prompt],
                "behavior": texts[behavior],
                "question": f"{texts[opening]}\n{texts[ending]}" if questions else "",
                "truth": texts[truth],
                "answers": {
                    arm["kind"]: [
                        {"who": "" if who < 0 else texts[who], "text": texts[text], "mark": mark}
                        for who, text, mark in said or []
                    ]
                    for arm, said in zip(found["arms"], answers, strict=True)
                },
            }
        )
    return shown
