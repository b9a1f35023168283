"""Tasks from rows in the format of the published prompt set (arXiv 2410.13787).

A row is one question about one input: original_question, original_dataset, object_level_prompt
and hypothetical_prompt (lists of chat messages), behavioral_property and
option_matching_ethical_stance. Prompts and questions are asked as they stand. Rows that share
their original_question are one input; where a property has no row, it is not asked of it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stages.study.item import Item, Message
from stages.study.properties import PROPERTIES, published_names
from stages.study.text.letters import LETTERS
from stages.tasks.files.columns import BadRow, string, unicode_text
from stages.tasks.files.options import Options, option_letter
from stages.tasks.files.rows import LoadedInput

TASK, TEXT, TRAIT = "original_dataset", "original_question", "option_matching_ethical_stance"
PROMPT, QUESTION, PROPERTY = "object_level_prompt", "hypothetical_prompt", "behavioral_property"
CHOICES = ("multiple_choice", "values")
# An option on lines of its own: "A - ", and its text up to the next one.
OPTION = re.compile(r"^([A-Z]) - (.*?)(?=^[A-Z] - |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class PublishedRow:
    """A row that was checked on its own, but for its trait option, whose sense is its family's."""

    text: str
    prompt: list[Message]
    property: str
    question: list[Message]
    trait: Mapping[str, Any]


def published_row(row: Mapping[str, Any]) -> PublishedRow:
    """The parts of a row; raises BadRow."""
    written = string(row, PROPERTY)
    name = published_names().get(written, written)
    if name not in PROPERTIES:
        raise BadRow(
            PROPERTY, f"{written!r} is no property; allowed: {', '.join(sorted(PROPERTIES))}"
        )
    trait = {TRAIT: row.get(TRAIT)}
    return PublishedRow(string(row, TEXT), _chat(row, PROMPT), name, _chat(row, QUESTION), trait)


def published_family(names: Iterable[str]) -> str:
    """The family of a task with questions about these properties; raises ValueError.

    The one that they all are of; of several, a text is a continuation and a letter a choice.
    """
    names = sorted(set(names))
    if "ethical_stance" in names:
        return "values"
    fitting = set.intersection(*(set(PROPERTIES[name].families) for name in names))
    for family in ("continuation", "multiple_choice", "number", "sequence"):
        if family in fitting:
            return family
    raise ValueError(f"no family of tasks has all the properties {', '.join(names)}")


def with_row(known: LoadedInput | None, row: PublishedRow, family: str) -> LoadedInput:
    """The input of a row, which adds its question to what earlier rows gave; raises BadRow.

    The input is returned as it was where an earlier row asked for the same property.
    """
    options = lettered_options(row.text) if family in CHOICES else ()
    if family in CHOICES and len(options) < 2:
        raise BadRow(TEXT, "it has no options; lines that begin with 'A - ', 'B - ', ... are read")
    # In other families this column holds something else, such as the word that comes next.
    trait = option_letter(row.trait, TRAIT, Options(options)) if family == "values" else None
    item = Item(row.text, options, trait)
    if known is None:
        return LoadedInput(item, lambda _: row.prompt, {row.property: row.question})
    if known.prompt(known.item) != row.prompt:
        raise BadRow(PROMPT, "it is not that of an earlier row with the same original_question")
    if known.item != item:
        raise BadRow(TRAIT, "it is not that of an earlier row with the same original_question")
    questions = known.questions or {}
    if row.property in questions:
        return known
    return replace(known, questions={**questions, row.property: row.question})


def lettered_options(text: str) -> tuple[str, ...]:
    """The options at the end of a text, from its last line that begins with "A - "."""
    found = [(match[1], match[2].strip()) for match in OPTION.finditer(text)]
    start = max((n for n, (letter, _) in enumerate(found) if letter == "A"), default=len(found))
    letters = "".join(letter for letter, _ in found[start:])
    return tuple(option for _, option in found[start:]) if LETTERS.startswith(letters) else ()


def _chat(row: Mapping[str, Any], column: str) -> list[Message]:
    messages = row.get(column)
    if not isinstance(messages, list) or not all(isinstance(m, Mapping) for m in messages):
        raise BadRow(column, "it is no list of chat messages")
    chat = []
    for message in messages:
        role, content = message.get("role"), message.get("content")
        if role not in ("system", "user", "assistant") or not isinstance(content, str):
            raise BadRow(
                column,
                "a message has no role of system, user or assistant, or its content is no string",
            )
        chat.append({"role": role, "content": unicode_text(content, column)})
    asked = [message for message in chat if message["role"] == "user"]
    if not any(message["content"].strip() for message in asked):
        raise BadRow(column, "no message of a user says anything")
    return chat
