"""Whether dvc.lock fits code, params and results, as `dvc status` has it.

It says what is no longer as dvc.lock has it. Data that a runner does not have is no edit.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stages.storage.errors import StudyError

DATA = "data/"
EDITED = ("modified", "new")


@dataclass(frozen=True)
class Fit:
    """How files and dvc.lock differ."""

    edited: dict[str, list[str]]
    """cell -> the code, params and data that it depends on and that are others"""
    by_hand: list[str]
    """results that are not what the last run made"""
    lacking: int
    """outputs that are not here: data that this machine was not given"""

    @property
    def fits(self) -> bool:
        """Whether all results are of this code and these params."""
        return not self.edited and not self.by_hand


def read_status(text: str) -> Fit:
    """What `dvc status --json` says. Raises StudyError where that is something else."""
    try:
        return _fit(json.loads(text))
    except (AttributeError, TypeError, ValueError):
        raise StudyError(f"dvc status: not what was expected: {text[:200]!r}") from None


def _fit(status: Mapping[str, list[Any]]) -> Fit:
    edited: dict[str, list[str]] = {}
    by_hand: list[str] = []
    lacking = 0
    for cell, found in status.items():
        for one in found:
            if one == "changed command":
                edited.setdefault(cell, []).append("its command")
                continue
            if not isinstance(one, Mapping):
                continue  # always changed, or frozen: no edit
            edited_here = list(_edited(one.get("changed deps", {})))
            if edited_here:
                edited.setdefault(cell, []).extend(edited_here)
            outs = one.get("changed outs", {})
            lacking += sum(path.startswith(DATA) for path, how in outs.items() if how == "deleted")
            by_hand += [path for path, how in outs.items() if not path.startswith(DATA)]
    return Fit(edited, by_hand, lacking)


def _edited(deps: Mapping[str, Any]) -> Iterator[str]:
    for path, how in deps.items():
        if isinstance(how, Mapping):  # params: key -> how
            yield from (f"{path}: {key}" for key in how)
        elif how in EDITED:
            yield path
