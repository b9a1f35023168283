"""The options of a row, in the forms in which files hold them, and the letter of one of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from stages.study.item import Item, lettered
from stages.study.text.letters import LETTERS, choice_letter
from stages.tasks.files.columns import (
    BadRow,
    is_missing,
    plain,
    plain_value,
    short,
    string,
    value_of,
)

TEXT, LABEL = "text", "label"  # what a struct with the options calls them, and their names
OWN_LETTER = re.compile(r"\W*([A-Za-z])\W*")


@dataclass(frozen=True)
class Options:
    """The texts of the options of a row, and the names that its file has for them, if any."""

    texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def row_options(row: Mapping[str, Any], named: str | Sequence[str]) -> Options:
    """The options of a row; raises BadRow.

    `named` are the columns of the options, or one column that holds them all: a list of texts, of
    structs with `text` and `label`, or a struct of these two lists, with or without `.text`.
    """
    if isinstance(named, str):
        where, found = named, _listed(row, named)
    else:
        found = Options(tuple(plain(row, column) for column in named))
        blank = (c for c, text in zip(named, found.texts, strict=True) if not text.strip())
        where = next(blank, named[0])
    if not 2 <= len(found.texts) <= len(LETTERS):
        raise BadRow(where, f"{len(found.texts)} options; 2 to {len(LETTERS)} are allowed")
    if not all(text.strip() for text in found.texts):
        raise BadRow(where, "an option is blank")
    if len({text.strip() for text in found.texts}) < len(found.texts):
        raise BadRow(where, f"two options of {short(list(found.texts))} are the same")
    if found.labels and len(set(found.labels)) != len(found.texts):
        raise BadRow(where, f"{short(list(found.labels))} are no labels of its options, one each")
    return found


def _listed(row: Mapping[str, Any], column: str) -> Options:
    value = value_of(row, column)
    labels: Any = None
    if isinstance(value, Mapping) and TEXT not in value:  # {"A": "yes", "B": "no"}
        labels, value = zip(*_without_end(value), strict=True) if value else ((), ())
        value = list(value)
    elif isinstance(value, Mapping) or _are_structs(value):
        labels = _beside(row, f"{column}.{LABEL}")
        column = f"{column}.{TEXT}"
        value = value_of(row, column)
    elif column.endswith(f".{TEXT}"):
        labels = _beside(row, column.removesuffix(TEXT) + LABEL)
    if not isinstance(value, list):
        hint = "; a list in CSV is text: name a column for each" if isinstance(value, str) else ""
        raise BadRow(column, f"{short(value)} is no list of options{hint}")
    if any(is_missing(option) for option in value):
        raise BadRow(column, "an option is missing")
    texts = tuple(plain_value(option, column) for option in value)
    return Options(texts, tuple(plain_value(label, column).strip() for label in labels or ()))


def _without_end(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The pairs, without those at the end whose value is missing, as parquet adds them."""
    pairs = list(value.items())
    while len(pairs) > 1 and is_missing(pairs[-1][1]):
        pairs.pop()
    return pairs


def _are_structs(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _beside(row: Mapping[str, Any], column: str) -> Any:
    """The labels, where there are some."""
    try:
        found = value_of(row, column)
    except BadRow:
        return None
    return found if isinstance(found, list) and not any(map(is_missing, found)) else None


def option_letter(row: Mapping[str, Any], column: str, options: Options) -> str:
    """The letter of the option that a column names, as a capital; raises BadRow.

    It is read as in an answer ("B", " (b)", "B. Peru"), or is one of the labels, where a file has
    them: "2" of 1, 2, 3, 4 is B.
    """
    told = plain(row, column) if options.labels else string(row, column)
    if told.strip() in options.labels:
        return LETTERS[options.labels.index(told.strip())]
    letter = choice_letter(told, options.texts)
    if letter is None or letters_of(options.labels) != LETTERS[: len(options.labels)]:
        allowed = options.labels or LETTERS[: len(options.texts)]
        shown = ", ".join(name if name.isalnum() else short(name) for name in allowed)
        raise BadRow(column, f"{short(told)} is no letter of its options; allowed: {shown}")
    return letter


def by_their_letters(options: Options) -> Options:
    """The options in the order of their letters, where each is the letter of one and no more.

    Such options stand in the text of the row, which says what they are.
    """
    letters = letters_of(options.texts)
    if not letters or "".join(sorted(letters)) != LETTERS[: len(options.texts)]:
        return options
    order = sorted(range(len(letters)), key=letters.__getitem__)
    return replace(options, texts=tuple(options.texts[at] for at in order))


def letters_of(texts: Sequence[str]) -> str:
    """The capitals of those texts that are a letter and no more, such as " (b)"."""
    return "".join(found[1].upper() for found in map(OWN_LETTER.fullmatch, texts) if found)


def shuffled(item: Item, random: Random) -> Item:
    """The item with the options that end its text in a drawn order; its id stays what it was.

    The letter of the trait goes with its option.
    """
    order = random.sample(range(len(item.options)), len(item.options))
    options = tuple(item.options[at] for at in order)
    trait = item.trait_option
    return Item(
        item.text.removesuffix(lettered(item.options)) + lettered(options),
        options,
        trait and LETTERS[order.index(LETTERS.index(trait))],
        item.key,
    )
