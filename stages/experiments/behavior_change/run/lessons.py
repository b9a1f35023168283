"""What changes the behavior: the answers that M1 is taught, and which inputs may be taught."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from stages.experiments.behavior_change.params import Told
from stages.experiments.behavior_change.run.files import file_answers
from stages.experiments.shared.outcomes import prefixed
from stages.experiments.shared.study import Study
from stages.experiments.shared.tables import behavior
from stages.models.chat import Message
from stages.models.inputs import split_inputs
from stages.models.protocol import Subject
from stages.storage.errors import StudyError
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.compliance import behavior_compliance
from stages.study.splits import part_of


def taught_answers(
    subject: Subject, target: str, told: Told, study: Study, cache: ResponseCache
) -> tuple[list[Row], list[Row]]:
    """The inputs that are taught, and answers to them; `subject` is M1, who may give its own."""
    inputs = {task: _rehearsed(task) for task in study.design.test}
    kind, _, rest = told.answers.partition(":")
    if kind == "persona":
        taught = _first(inputs, told.inputs)
        asked = [row | {"object_prompt": prefixed(row["object_prompt"], rest)} for row in taught]
        return taught, study.done(subject, asked, cache)
    if kind == "path":
        known = {row["input_id"] for rows in inputs.values() for row in rows}
        answers = file_answers(Path(rest), known)
    else:
        answers = list(behavior(next_subject(target, study.design.subjects)))
    answered = {row["input_id"] for row in answers}
    inputs = {t: [r for r in rows if r["input_id"] in answered] for t, rows in inputs.items()}
    return _first(inputs, told.inputs), answers


def next_subject(target: str, subjects: Sequence[str]) -> str:
    """Whose answers `other` means: the subject after the target, the first after the last."""
    return subjects[(list(subjects).index(target) + 1) % len(subjects)]


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
    by_text = {_text(row["object_prompt"]): row for row in by_id.values()}
    for row in change:
        found = by_id.get(row["input_id"]) or by_text.get(_text(row["question"]))
        if found is not None:
            raise StudyError(
                f"data/tasks/{found['task']}.parquet: input {found['input_id']} is scored, and "
                f"input {row['input_id']}, which changes the behavior, is the same or reads the "
                "same; only inputs that are not scored may be taught"
            )


def _rehearsed(task: str) -> list[Row]:
    """The inputs of a held-out task that may be taught; StudyError where it has none."""
    rows = [r for r in split_inputs(task, "train") if part_of("test", r["input_id"]) == "rehearsal"]
    if not rows:
        raise StudyError(
            f"data/tasks/{task}.parquet: no rehearsal inputs, which alone behavior_change teaches; "
            "ask for some by tasks.rehearsal_inputs of params.yaml"
        )
    return rows


def _text(prompt: Iterable[Message]) -> str:
    """All that a prompt says, the answer begun too."""
    return "\n".join(message["content"].strip() for message in prompt)


def _first(inputs: Mapping[str, Sequence[Row]], count: int) -> list[Row]:
    """The first inputs of each task."""
    return [row for rows in inputs.values() for row in rows[:count]]
