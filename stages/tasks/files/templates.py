"""Templates of prompts: text with the names of columns in braces.

Of what Python's format can do only `{name}` is allowed: a template reaches no attribute, no index
and no object, only strings that it was given.
"""

from collections.abc import Mapping
from string import Formatter


def template_columns(template: str) -> list[str]:
    """The columns that a template names, each once; raises ValueError where one is no plain name.

    Braces that are meant as such are written twice: `{{` and `}}`.
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(
            f"{template!r} is no template: {error}; a brace that is meant is written twice"
        ) from None
    names: dict[str, None] = {}
    for _, name, how, conversion in parts:
        if name is None:
            continue
        if not name.strip() or name.isdigit() or set(name) & set(".[]") or how or conversion:
            shown = f"{name}{f'!{conversion}' if conversion else ''}{f':{how}' if how else ''}"
            raise ValueError(
                f"{template!r}: {{{shown}}} is no plain column; {{name}} is allowed, and a brace "
                "that is meant is written twice"
            )
        names[name] = None
    return list(names)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with the values of its columns, strings all of them."""
    return template.format_map({name: values[name] for name in template_columns(template)})
