"""What a model rehearses while it is taught, so that it goes on doing what it does."""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from stages.models.section import FinetuneParams
from stages.storage.tables import Row, read_columns, read_rows
from stages.study.compliance import behavior_compliance
from stages.study.splits import part_of


def own_answers(
    model: str, taught: Collection[str], rule: FinetuneParams, data: Path = Path("data")
) -> Iterator[Row]:
    """What the base model itself answered to object-level prompts, as training rows.

    All that complies, to the `taught` inputs and to the rehearsal inputs of held-out tasks; none
    where nothing is rehearsed. An answer that was cut teaches how it begins and not that it ends
    there. The samples of an input share `rehearse_weight`. `rule` is that `of` the model.
    """
    if rule.rehearse == "none":
        return
    behavior = data / "behavior" / f"{model}.parquet"
    inputs = {
        row["input_id"]: row
        for task in sorted(set(read_columns("behavior", behavior, ["task"])["task"]))
        for row in read_rows("tasks", data / "tasks" / f"{task}.parquet")
        if row["input_id"] in taught or part_of(row["role"], row["input_id"]) == "rehearsal"
    }
    samples = Counter(answer["input_id"] for answer in _compliant(behavior, inputs))
    for answer in _compliant(behavior, inputs):
        key = answer["input_id"]
        yield {
            "input_id": key,
            "question": inputs[key]["object_prompt"],
            "label": answer["response"],
            "weight": rule.rehearse_weight / samples[key],
            "slice": "train",
            "ended": answer["finish_reason"] == "stop",
            "rehearsed": True,
            "distill": rule.rehearse == "distill",
        }


def _compliant(behavior: Path, inputs: dict[str, Row]) -> Iterator[Row]:
    """The answers to these inputs that comply, in the order of the table."""
    for answer in read_rows("behavior", behavior):
        item = inputs.get(answer["input_id"])
        if item is not None and not behavior_compliance(
            answer["response"], item["family"], item["options"]
        ):
            yield answer
