"""Every recipe of docs/ works as written, on a fresh copy of the project with its own params."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable

import pytest
import yaml

from stages import (
    build_dataset,
    evaluate,
    evaluate_sensitivity,
    fetch_model,
    finetune,
    judge_cells,
    predict,
    sample_behavior,
    sensitivity,
    write_tasks,
)
from stages.params import load_params
from stages.storage.tables import read_table
from tests.conftest import CHAT, ROOT, Study, small_params
from tests.docs.recipes import merged, run_recipe
from tests.tiny_models import make_tiny_model

MAIN_STUDY = (
    (fetch_model.main, "--model", "mine"),
    (write_tasks.main,),
    (sample_behavior.main, "--embed", "--model", "mine"),
    (build_dataset.main, "--model", "mine"),
    (finetune.main, "--model", "mine"),
    (sample_behavior.main, "--trained", "--model", "mine"),
    (build_dataset.main, "--target", "mine"),
    (finetune.main, "--predictor", "mine", "--target", "mine"),
    (predict.main, "--predictor", "mine", "--target", "mine"),
    (judge_cells.main,),
    (sensitivity.main, "--model", "mine"),
    (evaluate_sensitivity.main,),
    (evaluate.main,),
)
"""the cells that an experiment goes on from, here in one process"""
SHOW = """
import json, sys
from pathlib import Path
from stages.reporting.pictures import svg
from stages.reporting.sections import section
metrics, name = Path("metrics/experiments"), sys.argv[1]
print(section(name, json.loads((metrics / f"{name}.json").read_text())))
print(svg(name, json.loads((metrics / "plots" / f"{name}.json").read_text())))
"""
"""how the report shows an experiment"""
RECIPES = sorted((ROOT / "docs").glob("add_a*.md"))


def after_add_a_task(study: Study, told: str) -> None:
    assert "weather: 8 inputs" in told and "seasons: 4 inputs" in told
    assert "The fog had lifted by noon, and" in (study.root / "weather.csv").read_text()
    weather = read_table("tasks", study.root / "data/tasks/weather.parquet")
    assert Counter((row["role"], row["split"]) for row in weather) == {
        ("test", "train"): 4,
        ("test", "test"): 4,
    }
    for row in weather:
        (message,) = row["object_prompt"]
        assert message["content"].startswith("Continue this report from ")
        assert message["content"].endswith(f": {row['input']}")
    for row in read_table("tasks", study.root / "data/tasks/seasons.parquet"):
        assert (row["family"], len(row["options"])) == ("multiple_choice", 3)
        assert row["input"].split("\n")[1:] == row["object_prompt"][0]["content"].split("\n")[1:4]
        assert row["input"].endswith(f"\nC. {row['options'][2]}")
        assert row["object_prompt"][1] == {"role": "assistant", "content": "Letter:"}


def after_add_a_property(study: Study, told: str) -> None:
    assert told.startswith('{"study": "true", "published": "true"}\n{"study": null')
    assert load_params(ROOT / "params.yaml").properties != study.params()["properties"]
    assert "stories_sentences: " in told


def after_add_a_model(study: Study, told: str) -> None:
    behavior = read_table("behavior", study.root / "data/behavior/mine.parquet")
    assert {row["task"] for row in behavior} == {"countries_long", "animals_long"}
    assert behavior[0]["response"] in told


def before_add_an_experiment(study: Study) -> None:
    models = {"mine": {"source": f"path:{make_tiny_model(study.root / 'my_model')}", "stop": []}}
    params = small_params(models | {"mine": models["mine"] | {"chat_template": CHAT}})
    params["tasks"] |= {"train": ["countries_long"], "test": ["animals_long"]}
    params["properties"] = ["first_word", "starts_with_vowel"]
    params["sampling"]["max_tokens"] = 2
    params["experiments"]["run"] = []
    study.write_params(params)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(study.root)
        patch.setenv("SELFPREDICT_CACHE", study.environment["SELFPREDICT_CACHE"])
        for command, *arguments in MAIN_STUDY:
            command.main(arguments, standalone_mode=False)
    study.dvc("commit", "--force", "--with-deps", "evaluate")


def after_add_an_experiment(study: Study, told: str) -> None:
    rows = read_table("outcomes", study.root / "data/experiments/third_person/mine.parquet")
    asked = {
        person: {row["question"][-1]["content"] for row in rows if row["condition"] == person}
        for person in ("second", "third")
    }
    assert len(asked["second"]) == len(asked["third"]) and not asked["second"] & asked["third"]
    assert all("Another language model was asked this:" in text for text in asked["third"])
    ran = [line for line in told.splitlines() if line.startswith("Running stage")]
    assert len(ran) == 2  # experiment and evaluate_experiment: nothing of the main study again
    assert '"second_minus_third": {' in told
    shown = study.run(sys.executable, "-c", SHOW, "third_person")
    assert "## Asked about another model" in shown and "| mine | " in shown
    assert "<svg" in shown
    plots = yaml.safe_load((study.root / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    assert list(plots[-1]) == ["third_person"]


def before_add_a_model(study: Study) -> None:
    make_tiny_model(study.root / "my_model")
    params = study.params()
    params["tasks"] |= {"train": ["countries_long"], "test": ["animals_long"]}
    study.write_params(params)


BEFORE: dict[str, Callable[[Study], None]] = {
    "add_a_model": before_add_a_model,
    "add_an_experiment": before_add_an_experiment,
}
AFTER: dict[str, Callable[[Study, str], None]] = {
    "add_a_task": after_add_a_task,
    "add_a_property": after_add_a_property,
    "add_a_model": after_add_a_model,
    "add_an_experiment": after_add_an_experiment,
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
