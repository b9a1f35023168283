"""The cells of a study in this process: each would else take seconds to load its libraries."""

import contextlib
import shlex
from importlib import import_module

import networkx
import pytest

from tests.conftest import Study


def run_cells(study: Study) -> None:
    """As `dvc repro` of all that dvc.yaml has, where nothing was made yet; then dvc takes it on."""
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(study.root):
        for name, value in study.environment.items():
            patch.setenv(name, value)
        for command in _commands(study):
            python, module, name, *arguments = shlex.split(command)
            assert (python, module) == ("python", "-m")
            import_module(name).main(arguments, standalone_mode=False)
    study.dvc("commit", "--force")


def _commands(study: Study) -> list[str]:
    """Those of all cells, each after those whose outputs it reads."""
    from dvc.repo import Repo

    with Repo(str(study.root)) as repo:
        graph = repo.index.graph.reverse()
        order = networkx.lexicographical_topological_sort(graph, key=lambda cell: cell.addressing)
        return [cell.cmd for cell in order]
