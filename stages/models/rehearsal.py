"""Answers to plain prompts as training rows, and what a model rehearses of them.

Who is taught about answers goes on doing what it does.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from stages.models.section import FinetuneParams
from stages.storage.tables import Row, read_columns, read_rows
from stages.study.compliance import behavior_compliance
from stages.study.splits import part_of


def answer_rows(inputs: Iterable[Row], answers: Iterable[Row]) -> list[Row]:
    """Training rows of those answers (behavior rows) to the inputs that comply, as they stand.

    They keep the order of the answers; the samples of an input share a weight of 1. An answer that
    was cut teaches how it begins and not that it ends there.
    """
    items = {row["input_id"]: row for row in inputs}
    kept = [answer for answer in answers if _complies(answer, items.get(answer["input_id"]))]
    samples = Counter(answer["input_id"] for answer in kept)
    return [
        {
            "input_id": answer["input_id"],
            "question": items[answer["input_id"]]["object_prompt"],
            "label": answer["response"],
            "weight": 1 / samples[answer["input_id"]],
            "slice": "train",
            "ended": answer["finish_reason"] == "stop",
        }
        for answer in kept
    ]


def _complies(answer: Row, item: Row | None) -> bool:
    if item is None:
        return False
    return behavior_compliance(answer["response"], item["family"], item["options"]) is None


def rehearsal(rows: Iterable[Row], rule: FinetuneParams, *, distill: bool) -> Iterator[Row]:
    """Rows of answers as what is rehearsed: the samples of an input share `rehearse_weight`.

    Only what a model itself answered can be distilled.
    """
    for row in rows:
        weight = rule.rehearse_weight * row["weight"]
        yield row | {"weight": weight, "rehearsed": True, "distill": distill}


def own_answers(
    model: str, taught: Collection[str], rule: FinetuneParams, data: Path = Path("data")
) -> Iterator[Row]:
    """What the base model itself answered to object-level prompts, as rows to rehearse.

    All that complies, to the `taught` inputs and to the rehearsal inputs of held-out tasks; none
    where nothing is rehearsed. `rule` is that `of` the model.
    """
    if rule.rehearse == "none":
        return
    behavior = data / "behavior" / f"{model}.parquet"
    inputs = [
        row
        for task in sorted(set(read_columns("behavior", behavior, ["task"])["task"]))
        for row in read_rows("tasks", data / "tasks" / f"{task}.parquet")
        if row["input_id"] in taught or part_of(row["role"], row["input_id"]) == "rehearsal"
    ]
    rows = answer_rows(inputs, read_rows("behavior", behavior))
    yield from rehearsal(rows, rule, distill=rule.rehearse == "distill")
