"""Which worked examples are shown, and the conversation that a question is then the end of.

An example is a hypothetical question, which quotes the object-level prompt, with what was really
done as its answer. They are earlier turns of the conversation: that is what chat models are made
to read, and where a template has no turns they are paragraphs of one text all the same
(docs/experiments.md has what was tried).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from stages.models.chat import Message
from stages.storage.tables import Row
from stages.study.design import Design
from stages.study.prompts import Person, question_on
from stages.study.splits import rng


def drawn(lessons: Iterable[Row], count: int, design: Design, seed: int) -> list[Row]:
    """At most `count` rows of a dataset about one property, each of another input.

    Labels take turns, so that they are as balanced as they can be; which rows, and their order,
    is decided by (seeds, property, input) alone. A smaller count takes some of the same rows, in
    the same order. Of an input with several labels the one that it gave most often is shown.
    """

    def place(row: Row, what: str) -> float:
        return rng(design.seed, what, seed, row["property"], row["input_id"]).random()

    heaviest = sorted(lessons, key=lambda row: (row["input_id"], -row["weight"], row["label"]))
    rows = [next(own) for _, own in groupby(heaviest, key=lambda row: row["input_id"])]
    rows.sort(key=lambda row: (row["label"], place(row, "example"), row["input_id"]))
    turns = [
        (turn, place(row, "example"), row["input_id"], row)
        for _, own in groupby(rows, key=lambda row: row["label"])
        for turn, row in enumerate(own)
    ]
    chosen = [row for *_, row in sorted(turns, key=lambda found: found[:3])][:count]
    return sorted(chosen, key=lambda row: (place(row, "order"), row["input_id"]))


def example_turns(
    examples: Iterable[Row], inputs: Mapping[str, Row], person: Person
) -> list[Message]:
    """The examples as turns; a system message that one brings opens what its user says.

    A question that a task brings itself stays in the second person.
    """
    turns = []
    for row in examples:
        item = inputs[row["input_id"]]
        asked = question_on(item, row["property"], person)
        system = [m["content"] for m in asked if m["role"] == "system"]
        first, *rest = (m for m in asked if m["role"] != "system")
        turns += [first | {"content": "\n".join([*system, first["content"]])}, *rest]
        turns.append({"role": "assistant", "content": row["label"]})
    return turns


def after_turns(question: Sequence[Message], turns: Sequence[Message]) -> list[Message]:
    """The question as the end of a conversation, whose system message stays the first."""
    system = [message for message in question if message["role"] == "system"]
    return [*system, *turns, *(m for m in question if m["role"] != "system")]
