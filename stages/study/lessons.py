"""Lessons in reading: questions in which an answer stands, and its property is the label.

The answer was given to another input of the same task and is dealt at random, so a lesson teaches
what the words of a question mean. It begins at any word of what was given: so a few answers that
begin alike are many to read. Of what the target answers to the prompt in it a lesson tells no
more than one text that it is not, and nothing of any input that is held back.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any

from stages.study.compliance import behavior_compliance
from stages.study.prompts import Person, asked_properties, can_be_shown, question_on
from stages.study.properties import property_value
from stages.study.splits import is_held_back, rng

Row = dict[str, Any]


def lesson_rows(
    rows: Iterable[Row],
    inputs: Mapping[str, Row],
    answers: Sequence[Row],
    properties: Sequence[str],
    *,
    person: Person,
    seed: int,
    held_back: float,
    lessons: float,
) -> list[Row]:
    """Lessons for the inputs of one task that `rows` of a dataset train on, as rows of it.

    `lessons` is the number for each input: of 1.5 it gets one or two. `answers` are behavior rows
    of the task; those to the share `held_back` of its inputs are not shown, nor is a text that the
    input itself gave. Each other text is as likely to be shown as any, however often it was given,
    from each of its words on; a property that this has no value of is not asked.
    """
    trained = sorted({row["input_id"] for row in rows if row["slice"] == "train"})
    givers: dict[str, set[str]] = {}
    for answer in sorted(answers, key=lambda row: row["response"]):
        if is_held_back(seed, answer["input_id"], held_back):
            continue
        givers.setdefault(answer["response"].strip(), set()).add(answer["input_id"])
    found = []
    for key in trained if lessons else ():
        item = inputs[key]
        if not can_be_shown(item):
            continue
        for shown in _dealt(item, givers, seed, lessons):
            values = {
                name: _value(item, shown, name) for name in asked_properties(item, properties)
            }
            found += [
                {
                    "input_id": key,
                    "task": item["task"],
                    "property": name,
                    "question": question_on(item, name, person, shown),
                    "label": value,
                    "weight": 1.0,
                    "slice": "train",
                    "shown": True,
                }
                for name, value in values.items()
                if value
            ]
    return found


def _dealt(item: Row, givers: Mapping[str, set[str]], seed: int, lessons: float) -> list[str]:
    """The answers that are shown for an input: given to others alone, compliant with its prompt."""
    key = item["input_id"]
    random = rng(seed, "lesson", key)
    count = int(lessons) + (random.random() < lessons % 1)
    cut = (
        _from_a_word_on(text, random)
        for text in random.sample(list(givers), len(givers))
        if key not in givers[text]
    )
    fitting = (
        text
        for text in cut
        if key not in givers.get(text, ())
        and behavior_compliance(text, item["family"], item["options"]) is None
    )
    return list(islice(fitting, count))


def _from_a_word_on(text: str, random: Random) -> str:
    """The rest of a text from one of its words on, each as likely; an empty text as it is."""
    starts = [word.start() for word in re.finditer(r"\S+", text)]
    return text[random.choice(starts) :] if starts else text


def _value(item: Row, shown: str, name: str) -> str | None:
    """The value of a property that an answer has as an answer to the input."""
    return property_value(
        name, shown, item["family"], options=item["options"], trait_option=item["trait_option"]
    )
