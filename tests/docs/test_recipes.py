"""Every recipe of docs/ works as written, on a fresh copy of the project with its own params."""

import shutil
from collections import Counter
from collections.abc import Callable

import pytest

from stages.params import load_params
from stages.storage.tables import read_table
from tests.conftest import ROOT, Study
from tests.docs.recipes import merged, run_recipe
from tests.tiny_models import make_tiny_model

RECIPES = sorted((ROOT / "docs").glob("add_a_*.md"))


def after_add_a_task(study: Study, told: str) -> None:
    assert "weather: 7 inputs" in told and "seasons: 4 inputs" in told
    assert "The fog had lifted by noon, and" in (study.root / "weather.csv").read_text()
    weather = read_table("tasks", study.root / "data/tasks/weather.parquet")
    assert Counter((row["role"], row["split"]) for row in weather) == {
        ("test", "train"): 3,
        ("test", "test"): 4,
    }
    for row in weather:
        (message,) = row["object_prompt"]
        assert message["content"].startswith("Continue this report from ")
        assert message["content"].endswith(f": {row['input']}")
    for row in read_table("tasks", study.root / "data/tasks/seasons.parquet"):
        assert (row["family"], len(row["options"])) == ("multiple_choice", 3)
        assert row["input"].endswith(f"\nC. {row['options'][2]}")
        assert row["object_prompt"][1] == {"role": "assistant", "content": "Letter:"}


def after_add_a_property(study: Study, told: str) -> None:
    assert told.startswith('"true"\nnull\n')
    assert load_params(ROOT / "params.yaml").properties != study.params()["properties"]
    assert "stories_sentences: " in told


def after_add_a_model(study: Study, told: str) -> None:
    behavior = read_table("behavior", study.root / "data/behavior/mine.parquet")
    assert {row["task"] for row in behavior} == {"countries_long", "animals_long"}
    assert behavior[0]["response"] in told


def before_add_a_model(study: Study) -> None:
    make_tiny_model(study.root / "my_model")
    params = study.params()
    params["tasks"] |= {"train": ["countries_long"], "test": ["animals_long"]}
    study.write_params(params)


BEFORE: dict[str, Callable[[Study], None]] = {"add_a_model": before_add_a_model}
AFTER: dict[str, Callable[[Study, str], None]] = {
    "add_a_task": after_add_a_task,
    "add_a_property": after_add_a_property,
    "add_a_model": after_add_a_model,
}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_works_as_written(recipe, make_study):
    study = make_study()
    shutil.copy(ROOT / "params.yaml", study.root)
    if recipe.stem in BEFORE:
        BEFORE[recipe.stem](study)
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
