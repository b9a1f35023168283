"""Every recipe of docs/ works as written, on a fresh copy of the project with its own params."""

import shutil
from collections import Counter
from collections.abc import Callable

import pytest

from stages.storage.tables import read_table
from tests.conftest import ROOT, Study
from tests.docs.recipes import merged, run_recipe

RECIPES = sorted((ROOT / "docs").glob("add_a_*.md"))


def after_add_a_task(study: Study, told: str) -> None:
    assert "weather: 7 inputs" in told and "seasons: 4 inputs" in told
    assert "The fog had lifted by noon, and" in (study.root / "weather.csv").read_text()
    weather = read_table("tasks", study.root / "data/tasks/weather.parquet")
    assert Counter((row["role"], row["split"]) for row in weather) == {
        ("test", "train"): 3, ("test", "test"): 4,
    }  # fmt: skip
    for row in weather:
        (message,) = row["object_prompt"]
        assert message["content"].startswith("Continue this report from ")
        assert message["content"].endswith(f": {row['input']}")
    for row in read_table("tasks", study.root / "data/tasks/seasons.parquet"):
        assert (row["family"], len(row["options"])) == ("multiple_choice", 3)
        assert row["input"].endswith(f"\nC. {row['options'][2]}")
        assert row["object_prompt"][1] == {"role": "assistant", "content": "Letter:"}


AFTER: dict[str, Callable[[Study, str], None]] = {"add_a_task": after_add_a_task}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_works_as_written(recipe, make_study):
    study = make_study()
    shutil.copy(ROOT / "params.yaml", study.root)
    AFTER[recipe.stem](study, run_recipe(recipe, study))


def test_a_block_that_nothing_runs_is_an_error(make_study, tmp_path):
    study = make_study()
    path = tmp_path / "a.md"
    path.write_text("Say\n```python\nprint()\n```\n")
    with pytest.raises(AssertionError, match=r"a\.md, line 2: nothing runs a block of 'python'"):
        run_recipe(path, study)
    path.write_text("```bash\nfalse\ntrue\n```\n")
    with pytest.raises(AssertionError):
        run_recipe(path, study)


def test_params_are_merged_key_by_key_and_lists_are_replaced():
    old = {"a": {"b": [1, 2], "c": 3}, "d": 4}
    assert merged(old, {"a": {"b": [5]}, "e": {}}) == {"a": {"b": [5], "c": 3}, "d": 4, "e": {}}
