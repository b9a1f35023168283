"""Templates of prompts: text with the names of columns in braces.

Of what Python's format can do only `{name}` is allowed, and `{a.b}` for a column within a column:
a template reaches no attribute, no index and no object, only strings that it was given.
"""

from collections.abc import Mapping
from string import Formatter

DOLLAR = "$"


def template_columns(template: str) -> list[str]:
    """The columns that a template names, each once; raises ValueError where one is no plain name.

    Braces that are meant as such are written twice: `{{` and `}}`. A dollar is written `{$}` where
    a brace follows.
    """
    if "${" in template:
        raise ValueError(
            f"{template!r}: dvc exp run -S puts a value of params.yaml in the place of ${{...}}; a "
            "dollar before a brace is written {$}"
        )
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(
            f"{template!r} is no template: {error}; a brace that is meant is written twice"
        ) from None
    names: dict[str, None] = {}
    for _, name, how, conversion in parts:
        if name is None or (name == DOLLAR and not how and not conversion):
            continue
        first, *inner = name.split(".")
        plain = all(part.strip() for part in (first, *inner)) and not first.isdigit()
        given = bool(inner) and first in ("text", "options")  # strings, with nothing within
        if not plain or given or set(name) & set("[]") or how or conversion:
            shown = f"{name}{f'!{conversion}' if conversion else ''}{f':{how}' if how else ''}"
            raise ValueError(
                f"{template!r}: {{{shown}}} is no plain column; {{name}} is allowed, and a brace "
                "that is meant is written twice"
            )
        names[name] = None
    return list(names)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with the values of its columns, strings all of them."""
    known = {**values, DOLLAR: DOLLAR}
    parts = Formatter().parse(template)
    return "".join(text + ("" if name is None else known[name]) for text, name, *_ in parts)
