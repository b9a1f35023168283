"""What is taught: rows of the main study's datasets, and answers to object-level prompts."""

from collections.abc import Iterable

from stages.storage.tables import Row, read_rows
from stages.study.compliance import behavior_compliance


def dataset_lessons(dataset: str, seed: int) -> list[Row]:
    """What a dataset teaches with one training seed, without what is held back to measure it."""
    path = f"data/datasets/{dataset}.parquet"
    return list(read_rows("datasets", path, seed=[None, seed], slice="train"))


def answer_rows(inputs: Iterable[Row], answers: Iterable[Row]) -> list[Row]:
    """Training rows of the answers to the plain prompts; those that do not comply are left out.

    An answer that was cut teaches how it begins and not that it ends there.
    """
    by_input: dict[str, list[Row]] = {}
    for answer in answers:
        by_input.setdefault(answer["input_id"], []).append(answer)
    rows = []
    for item in inputs:
        own = [
            answer
            for answer in by_input.get(item["input_id"], [])
            if behavior_compliance(answer["response"], item["family"], item["options"]) is None
        ]
        rows += [
            {
                "input_id": item["input_id"],
                "question": item["object_prompt"],
                "label": answer["response"].strip(),
                "weight": 1 / len(own),
                "slice": "train",
                "ended": answer["finish_reason"] == "stop",
            }
            for answer in own
        ]
    return rows
