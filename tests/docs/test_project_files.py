"""What is said twice about the project is said alike."""

import tomllib

import pytest
import yaml

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read_yaml(path: str):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_the_citation_names_this_version_its_license_and_the_paper():
    citation = read_yaml("CITATION.cff")
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    (paper,) = citation["references"]
    assert paper["url"].endswith("2410.13787") and len(paper["authors"]) == 9


def test_the_changelog_has_this_version():
    assert f"\n## [{PROJECT['version']}]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_workflow_runs_the_lowest_python_that_is_allowed():
    versions = read_yaml(".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert f">={versions['python'][0]}" == PROJECT["requires-python"]


@pytest.mark.parametrize("tool", ["ruff check", "ruff format", "mypy", "lint-imports"])
def test_a_hook_before_each_commit_runs_what_make_lint_runs(tool):
    hooks = [
        hook["entry"]
        for repo in read_yaml(".pre-commit-config.yaml")["repos"]
        for hook in repo["hooks"]
    ]
    assert any(entry.startswith(f".venv/bin/{tool}") for entry in hooks)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"\n\t{tool}" in makefile


def test_every_library_that_the_project_asks_for_is_pinned():
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    }
    extras = PROJECT["optional-dependencies"].values()
    asked = [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]
    names = {line.split(">")[0].lower().replace("_", "-") for line in asked}
    assert names - pinned == set()
