"""Tasks from the rows of a file: a text column and a prompt template make inputs.

Pure: rows come as mappings of column to value, read by stages/storage/readers.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from stages.study.item import Item, Message, Task, lettered, user_prompt
from stages.study.splits import input_id, rng
from stages.tasks.files.columns import BadRow, plain, string
from stages.tasks.files.movable import check_movable
from stages.tasks.files.options import (
    Options,
    by_their_letters,
    option_letter,
    row_options,
    shuffled,
)
from stages.tasks.files.templates import fill, template_columns


@dataclass(frozen=True)
class RowForm:
    """Which columns make an input, and the templates of its prompt.

    `{text}` in a template is the text column and `{options}` the options as lines `A. text`.
    `options` is a column that holds a list, or one column for each option; with `shuffle_options`
    their order is drawn for each input.
    """

    text: str
    prompt: str
    begun: str | None = None
    options: str | Sequence[str] | None = None
    trait_option: str | None = None
    shuffle_options: bool = False

    @cached_property
    def others(self) -> list[str]:
        """The columns that the templates name beside the text and the options, each once."""
        given = ("text", "options") if self.options else ("text",)
        named = [n for t in (self.prompt, self.begun or "") for n in template_columns(t)]
        return [name for name in dict.fromkeys(named) if name not in given]

    @property
    def columns(self) -> list[str]:
        """The columns that are read, each once."""
        options = [self.options] if isinstance(self.options, str) else self.options or ()
        trait = [self.trait_option] if self.trait_option else []
        return list(dict.fromkeys([self.text, *self.others, *options, *trait]))

    @cached_property
    def shows_options(self) -> bool:
        """Whether the prompt shows the options as lines, so that they are part of the input."""
        return bool(self.options) and "options" in template_columns(self.prompt)


@dataclass(frozen=True)
class LoadedInput:
    """An input, its object-level prompt and, by property, the questions that it brings.

    `prompt` is that of the item, whose options may have changed places. `others` is what the
    prompt shows beside the text and the options. Rows with the same `parts` are one input.
    """

    item: Item
    prompt: Callable[[Item], list[Message]]
    questions: Mapping[str, list[Message]] | None = None
    others: str = ""
    parts: tuple[str, ...] = ()


def row_input(row: Mapping[str, Any], form: RowForm) -> LoadedInput:
    """The input of a row; raises BadRow.

    Where the prompt shows `{options}` they are part of the input, below its text: a question with
    other options is another input. Where they are shuffled, their order in the row says nothing.
    """
    text = string(row, form.text)
    options = row_options(row, form.options) if form.options else Options()
    trait = option_letter(row, form.trait_option, options) if form.trait_option else None
    others = {name: plain(row, name) for name in sorted(form.others)}
    if form.shows_options:
        whole = f"{text}\n{lettered(options.texts)}"
    else:
        whole, options = text, by_their_letters(options)
    if form.shuffle_options:
        check_movable(text, options.texts, form.text)

    def prompt(item: Item) -> list[Message]:
        values = others | {"text": text}
        if form.options:
            values["options"] = lettered(item.options)
        return user_prompt(*(fill(t, values) for t in (form.prompt, form.begun) if t))

    item = Item(whole, options.texts, trait)
    for what, message in zip(("prompt", "begun"), prompt(item), strict=False):
        if not message["content"].strip():
            raise BadRow(form.text, f"the {what} that it gives is blank")
    told = json.dumps(others, ensure_ascii=False) if others else ""
    parts = (text, told, *sorted(options.texts)) if form.shuffle_options else (whole, told)
    return LoadedInput(item, prompt, others=told, parts=parts)


def told_apart(inputs: Sequence[LoadedInput]) -> list[LoadedInput]:
    """The inputs, each with an id of its own: by its text alone where no other has that text."""
    texts = Counter(loaded.item.text for loaded in inputs)
    return [
        loaded
        if texts[loaded.item.text] == 1
        else replace(
            loaded, item=replace(loaded.item, own_key=f"{loaded.item.text}\x1f{loaded.others}")
        )
        for loaded in inputs
    ]


def loaded_task(
    name: str, family: str, inputs: Sequence[LoadedInput], *, shuffle_options: bool = False
) -> Task:
    """A task of these inputs, whose order is decided by the seed and what each one's id is of."""
    by_key = {loaded.item.key: loaded for loaded in inputs}

    def candidates(seed: int) -> Iterator[Item]:
        for key in sorted(by_key, key=lambda key: rng(seed, name, key).random()):
            item = by_key[key].item
            drawn = rng(seed, "options", input_id(name, key))
            yield shuffled(item, drawn) if shuffle_options else item

    return Task(
        name,
        family,
        candidates,
        lambda item: by_key[item.key].prompt(item),
        lambda item: by_key[item.key].questions,
    )
