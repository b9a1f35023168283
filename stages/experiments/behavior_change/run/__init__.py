"""behavior_change: M1 is taught other answers and nothing about itself; does it notice? (MC)

MC is M1 finetuned on object-level answers to train-split inputs of the held-out tasks (STUDY
section 7). What it then does on the scored inputs is sampled, and it is asked about it. M1, which
was not changed, and the cross-predictors stand beside it: what they predict of MC's new behavior
as well can be told without looking at MC, for example where answers drift to the most common one.
"""

import json
import logging
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

from stages.experiments.shared.outcomes import (
    asking,
    behavior,
    held_out_inputs,
    outcomes,
    predicted,
    prefixed,
    sampled,
    split_inputs,
    values,
)
from stages.models.local.subject.loading import Subject, trained_subject, with_adapter
from stages.models.local.teach.finetuning import finetuned
from stages.models.local.teach.settings import Settings
from stages.models.predicting import predict
from stages.models.questions import Decoding
from stages.params import Params
from stages.storage.errors import StudyError
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.compliance import behavior_compliance
from stages.study.prompts import object_text
from stages.study.truth import Key

log = logging.getLogger(__name__)

# A file behind path: is not watched; `dvc repro -f experiment@behavior_change-MODEL` after an edit.
KEY = "params.yaml: experiments.behavior_change.answers"


def run(target: str, params: Params, cache: ResponseCache) -> list[Row]:
    """Outcomes of kind changed (MC), self (M1) and cross on MC's new behavior; and of `behavior`.

    `truth` is what MC does and `other_truth` what M1 did. A row of kind behavior takes what MC
    does (`answer`) for a prediction of what M1 did (`truth`): correct where it stayed.
    """
    scored = held_out_inputs(params)
    return [row for seed in params.seeds for row in _of_seed(target, seed, params, scored, cache)]


def change_rows(inputs: Iterable[Row], answers: Iterable[Row]) -> list[Row]:
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


def check_held_out(change: Iterable[Row], scored: Iterable[Row]) -> None:
    """Raises StudyError where an input that is scored, or the text of its prompt, is taught."""
    by_id = {row["input_id"]: row for row in scored}
    by_text = {object_text(row["object_prompt"]): row for row in by_id.values()}
    for row in change:
        found = by_id.get(row["input_id"]) or by_text.get(object_text(row["question"]))
        if found is not None:
            raise StudyError(
                f"data/tasks/{found['task']}.parquet: input {found['input_id']} is scored, and "
                f"input {row['input_id']}, which changes the behavior, is the same or reads the "
                "same; only inputs that are not scored may be taught"
            )


def file_answers(path: Path, known: Container[str]) -> list[Row]:
    """Behavior rows of JSON lines with input_id, which is one of the known ones, and response.

    Raises StudyError, which names the line, where it is anything else or answers again.
    """
    if not path.is_file():
        raise StudyError(f"{path}: no such file; {KEY} names it")
    rows: dict[str, Row] = {}
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = _file_answer(json.loads(line.decode("utf-8-sig")), known)
                if row["input_id"] in rows:
                    raise ValueError(f"input_id {row['input_id']!r} was answered on a line before")
            except (ValueError, RecursionError) as error:
                raise StudyError(
                    f"{path}: line {number}: {error}; a line is an object with input_id, a "
                    "train-split input of a held-out task, and response, a text"
                ) from None
            rows[row["input_id"]] = row
    return list(rows.values())


def _file_answer(found: object, known: Container[str]) -> Row:
    if not isinstance(found, dict):
        raise ValueError(f"{found!r} is no object")
    for name in ("input_id", "response"):
        value = found.get(name)
        if not (isinstance(value, str) and value.strip()):
            raise ValueError(f"{name} is {value!r}" if name in found else f"{name} is missing")
    if found["input_id"] not in known:
        raise ValueError(f"input_id {found['input_id']!r} is no such input")
    whole = {"finish_reason": "stop"}
    return {name: found[name] for name in ("input_id", "response")} | whole


def next_subject(target: str, subjects: Sequence[str]) -> str:
    """Whose answers `other` means: the subject after the target, the first after the last."""
    return subjects[(list(subjects).index(target) + 1) % len(subjects)]


def _of_seed(
    target: str, seed: int, params: Params, scored: Sequence[Row], cache: ResponseCache
) -> list[Row]:
    changed = _changed(target, seed, params, scored, cache)
    did = sampled(changed, scored, params, cache)
    said = predict(
        changed,
        scored,
        params.properties,
        Decoding(params.predict.max_tokens),
        cache,
        asking=asking("changed", params),
    )
    old = values(behavior(f"{target}-self", seed), scored, params.properties)
    new = values(did, scored, params.properties)
    about = {
        "target": target,
        "seed": seed,
        "condition": params.experiments.behavior_change.answers,
    }
    stayed = about | {"kind": "behavior", "predictor": target}
    rows = outcomes(_as_predictions(did, new, old, scored), old, scored, stayed)
    arms = [
        ("changed", target, said),
        ("self", target, predicted(target, target, "self", seed)),
        *(
            ("cross", other, predicted(other, target, "cross", seed))
            for other in params.subjects
            if other != target
        ),
    ]
    for kind, predictor, found in arms:
        rows += outcomes(
            found, new, scored, about | {"kind": kind, "predictor": predictor}, other=old
        )
    return rows


def _changed(
    target: str, seed: int, params: Params, scored: Sequence[Row], cache: ResponseCache
) -> Subject:
    """MC of one training seed; M1 is trained like M was, but for the keys that are told anew."""
    told = params.experiments.behavior_change
    subject = trained_subject(target, f"{target}-self", seed)
    inputs = {task: split_inputs(task, "train") for task in params.tasks.test}
    kind, _, rest = told.answers.partition(":")
    answers: list[Row] | None = None
    if kind == "path":
        known = {row["input_id"] for rows in inputs.values() for row in rows}
        answers = file_answers(Path(rest), known)
    elif kind == "other":
        answers = behavior(next_subject(target, params.subjects))
    if answers is not None:
        answered = {row["input_id"] for row in answers}
        inputs = {t: [r for r in rows if r["input_id"] in answered] for t, rows in inputs.items()}
    taught = [row for rows in inputs.values() for row in rows[: told.inputs]]
    if answers is None:
        persona = [row | {"object_prompt": prefixed(row["object_prompt"], rest)} for row in taught]
        answers = sampled(subject, persona, params, cache)
    change = change_rows(taught, answers)
    if not change:
        raise StudyError(f"{KEY}: {told.answers!r}: no answer complies, so none can be taught")
    check_held_out(change, scored)
    log.info(f"behavior_change: {len(change)} answers to {len(taught)} inputs change {target}")
    keys = params.finetune.model_dump() | told.model_dump(exclude={"answers", "inputs"})
    folder = finetuned(subject, change, Settings.told(keys, seed))
    del subject  # one in memory at a time
    first = trained_subject(target, f"{target}-self", seed)
    return with_adapter(first, folder, f"{target}-changed/seed-{seed}")


def _as_predictions(
    did: Sequence[Row], new: Mapping[Key, str], old: Mapping[Key, str], inputs: Sequence[Row]
) -> list[Row]:
    """What MC does (its first sample is shown) on all that M1 did."""
    said = {row["input_id"]: row["response"] for row in did if row["sample"] == 0}
    asked = {row["input_id"]: row for row in inputs}
    return [
        {
            "input_id": key,
            "task": asked[key]["task"],
            "property": name,
            "question": asked[key]["object_prompt"],
            "raw_answer": said[key],
            "answer": new.get((key, name)),
            "compliant": (key, name) in new,
        }
        for key, name in old
    ]
