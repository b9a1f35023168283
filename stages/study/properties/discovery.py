"""Which properties there are: those of every module in a folder."""

import importlib
import os
import pkgutil
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from stages.storage.errors import StudyError
from stages.study.properties.property import Property, in_words, short


class Properties(Mapping[str, Property]):
    """The properties of a package by name, found when the first of them is wanted.

    So what is wrong with a file is told where a command can say it, as StudyError.
    """

    def __init__(self, package: str, path: Iterable[str]) -> None:
        self._package, self._path = package, path

    @cached_property
    def found(self) -> dict[str, Property]:
        return discovered(self._package, self._path)

    def __getitem__(self, name: str) -> Property:
        return self.found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def discovered(package: str, path: Iterable[str]) -> dict[str, Property]:
    """The properties of the modules of `package`, which lie in `path`, by name.

    Modules come in the order of their names; one without PROPERTIES, or whose name begins with an
    underscore, adds nothing. Raises StudyError that names the file where it cannot be read, where
    a name stands twice or where PROPERTIES is no tuple of properties.
    """
    found: dict[str, Property] = {}
    owners: dict[str, str] = {}
    for name, file in sorted(_modules(path)):
        for prop in _contributed(f"{package}.{name}", file):
            for called in filter(None, (prop.name, prop.published_name)):
                if called.lower() in owners:
                    raise StudyError(
                        f"property {called!r} stands in {owners[called.lower()]} and in {file}; a "
                        "name is given once, in either case: rename one of them"
                    )
                owners[called.lower()] = file
            found[prop.name] = replace(prop, file=file)
    return found


def _modules(path: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and file of each module, the file as seen from the working directory if it is below."""
    for folder in path:
        for module in pkgutil.iter_modules([folder]):
            if not module.name.startswith("_"):
                file = Path(folder, module.name if module.ispkg else f"{module.name}.py")
                near = os.path.relpath(file)
                yield module.name, str(file) if near.startswith("..") else Path(near).as_posix()


def _contributed(module: str, file: str) -> tuple[Property, ...]:
    try:
        contributed = getattr(importlib.import_module(module), "PROPERTIES", ())
    except (Exception, SystemExit) as error:
        raise StudyError(f"{file}{_line(error, file)}: {in_words(error)}") from error
    if isinstance(contributed, tuple) and all(isinstance(p, Property) for p in contributed):
        return contributed
    raise StudyError(
        f"{file}: PROPERTIES is {short(contributed)}; a tuple is allowed, each part a Property"
    )


def _line(error: BaseException, file: str) -> str:
    """The last line of the file that ran into an error, if one did."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}" if error.lineno else ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).name == Path(file).name]
    return f", line {lines[-1]}" if lines else ""
