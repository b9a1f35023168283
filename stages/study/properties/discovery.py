"""Which properties there are: those of every module in a folder."""

import importlib
import pkgutil
from collections.abc import Iterable

from stages.study.properties.property import Property


def discovered(package: str, path: Iterable[str]) -> dict[str, Property]:
    """The properties of the modules of `package`, which lie in `path`, by name.

    Modules come in the order of their names; one without PROPERTIES, or whose name begins with an
    underscore, adds nothing. Raises ValueError where a name stands twice or where PROPERTIES is no
    tuple of properties.
    """
    found: dict[str, Property] = {}
    owners: dict[str, str] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(path)):
        if name.startswith("_"):
            continue
        module = f"{package}.{name}"
        for prop in _contributed(module):
            if prop.name in found:
                raise ValueError(
                    f"property {prop.name!r} stands in {owners[prop.name]} and in {module}; "
                    "a name is given once: rename one of them"
                )
            found[prop.name], owners[prop.name] = prop, module
    return found


def _contributed(module: str) -> tuple[Property, ...]:
    contributed = getattr(importlib.import_module(module), "PROPERTIES", ())
    if isinstance(contributed, tuple) and all(isinstance(p, Property) for p in contributed):
        return contributed
    raise ValueError(
        f"{module}: PROPERTIES is {contributed!r}; a tuple is allowed, each part a Property"
    )
