"""Tasks from the rows of a file: a text column and a prompt template make inputs.

Pure: rows come as mappings of column to value, read by stages/tasks/files/readers.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.study.compliance import LETTERS
from stages.study.item import Item, Message, Task, lettered, user_prompt
from stages.study.splits import rng
from stages.tasks.files.templates import fill, template_columns


class BadRow(ValueError):
    """A row that gives no input: the column that is wrong, if it is one, and why."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason if column is None else f"column {column!r}: {reason}")


@dataclass(frozen=True)
class RowForm:
    """Which columns make an input, and the templates of its prompt.

    `{text}` in a template is the text column and `{options}` the options as lines `A. text`.
    `options` is a column that holds a list, or one column for each option.
    """

    text: str
    prompt: str
    begun: str | None = None
    options: str | Sequence[str] | None = None
    trait_option: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that are read, each once."""
        named = [n for t in (self.prompt, self.begun or "") for n in template_columns(t)]
        options = [self.options] if isinstance(self.options, str) else self.options or ()
        trait = [self.trait_option] if self.trait_option else []
        given = ("text", "options") if options else ("text",)
        return list(
            dict.fromkeys([self.text, *(n for n in named if n not in given), *options, *trait])
        )


@dataclass(frozen=True)
class LoadedInput:
    """An input with its object-level prompt and, by property, the questions that it brings."""

    item: Item
    prompt: list[Message]
    questions: Mapping[str, list[Message]] | None = None


def row_input(row: Mapping[str, Any], form: RowForm) -> LoadedInput:
    """The input of a row; raises BadRow.

    Where the prompt shows `{options}` they are part of the input, below its text: a question with
    other options is another input.
    """
    text = string(row, form.text)
    options = _options(row, form.options) if form.options else ()
    trait = option_letter(row, form.trait_option, len(options)) if form.trait_option else None
    values = {"text": text} | ({"options": lettered(options)} if options else {})
    templates = [t for t in (form.prompt, form.begun) if t]
    for name in (n for t in templates for n in template_columns(t)):
        if name not in values:
            values[name] = plain(row, name)
    filled = [fill(template, values) for template in templates]
    for what, content in zip(("prompt", "begun"), filled, strict=False):
        if not content.strip():
            raise BadRow(form.text, f"the {what} that it gives is blank")
    shown = options and "options" in template_columns(form.prompt)
    whole = f"{text}\n{lettered(options)}" if shown else text
    return LoadedInput(Item(whole, options, trait), user_prompt(*filled))


def loaded_task(name: str, family: str, inputs: Sequence[LoadedInput]) -> Task:
    """A task of these inputs, whose order is decided by the seed and each one's own text."""
    by_text = {loaded.item.text: loaded for loaded in inputs}

    def candidates(seed: int) -> Iterator[Item]:
        order = sorted(by_text, key=lambda text: rng(seed, name, text).random())
        return (by_text[text].item for text in order)

    return Task(
        name,
        family,
        candidates,
        lambda item: by_text[item.text].prompt,
        lambda item: by_text[item.text].questions,
    )


def string(row: Mapping[str, Any], column: str) -> str:
    """A column that must hold text; raises BadRow."""
    value = _there(row, column)
    if not isinstance(value, str):
        raise BadRow(column, f"{_short(value)} is no string")
    if not value.strip():
        raise BadRow(column, "it is blank")
    return unicode_text(value, column)


def plain(row: Mapping[str, Any], column: str) -> str:
    """A column as text, where it holds text, possibly blank, or a number; raises BadRow."""
    return _plain(_there(row, column), column)


def option_letter(row: Mapping[str, Any], column: str, count: int) -> str:
    """A column that holds the letter of one of `count` options, as a capital; raises BadRow."""
    letter = string(row, column).strip().upper()
    if len(letter) != 1 or letter not in LETTERS[:count]:
        raise BadRow(
            column,
            f"{_short(row[column])} is no letter of its options; allowed: "
            f"{', '.join(LETTERS[:count])}",
        )
    return letter


def unicode_text(value: str, column: str) -> str:
    """The text, which can be written as UTF-8; else BadRow."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadRow(column, f"{_short(value)} has half of a surrogate pair") from None
    return value


def _options(row: Mapping[str, Any], options: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(options, str):
        value = _there(row, options)
        if not isinstance(value, list):
            raise BadRow(options, f"{_short(value)} is no list of options")
        found = tuple(_plain(option, options) for option in value)
        where = options
    else:
        found = tuple(plain(row, column) for column in options)
        where = next((c for c, f in zip(options, found, strict=True) if not f.strip()), options[0])
    if not 2 <= len(found) <= len(LETTERS):
        raise BadRow(where, f"{len(found)} options; 2 to {len(LETTERS)} are allowed")
    if not all(option.strip() for option in found):
        raise BadRow(where, "an option is blank")
    return found


def _there(row: Mapping[str, Any], column: str) -> Any:
    if column not in row:
        raise BadRow(column, f"it is missing; the row has {_short(list(row))}")
    if row[column] is None:
        raise BadRow(column, "its value is missing")
    return row[column]


def _plain(value: Any, column: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise BadRow(column, f"{_short(value)} is neither text nor a number")
    return unicode_text(value, column)


def _short(value: Any) -> str:
    shown = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
