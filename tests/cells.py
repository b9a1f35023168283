"""The cells of a study in this process: each would else take seconds to load its libraries."""

import contextlib
import shlex
from collections.abc import Collection
from importlib import import_module

import networkx
import pytest

from tests.conftest import Study


def run_cells(study: Study, left_out: Collection[str] = ()) -> None:
    """As `dvc repro` would that takes all for stale, but some stages; `dvc commit` takes it on."""
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(study.root):
        for name, value in study.environment.items():
            patch.setenv(name, value)
        for command in _commands(study, left_out):
            python, module, name, *arguments = shlex.split(command)
            assert (python, module) == ("python", "-m")
            import_module(name).main(arguments, standalone_mode=False)


def _commands(study: Study, left_out: Collection[str]) -> list[str]:
    """Those of the cells, each after those whose outputs it reads."""
    from dvc.repo import Repo

    with Repo(str(study.root)) as repo:
        graph = repo.index.graph.reverse()
        order = networkx.lexicographical_topological_sort(graph, key=lambda cell: cell.addressing)
        return [cell.cmd for cell in order if cell.name.split("@")[0] not in left_out]
