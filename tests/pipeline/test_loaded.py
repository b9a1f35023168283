"""A study on tasks from files, from sampling to the scores, on tiny models."""

import json
import sys

import pytest
import yaml

from stages.storage.tables import read_table
from tests.conftest import new_study, small_params
from tests.loaded_files import published_folder
from tests.tiny_pair import tiny_pair

pytestmark = pytest.mark.slow
RUN = """
from stages import evaluate, judge_cells, write_tasks
from stages.control import run_stages
from stages.params import load_params
from stages.storage.files import write_json
write_tasks.main([], standalone_mode=False)
run_stages(load_params(), lambda source, folder: None)
judge_cells.main([], standalone_mode=False)
write_json("metrics/sensitivity.json", {})  # as of a study without copies
evaluate.main([], standalone_mode=False)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study of a table and the published format, which ran to its scores."""
    folder = tmp_path_factory.mktemp("loaded")
    study = new_study(folder / "study", folder / "cache")
    published_folder(study.root / "prompts", 40)
    told = study.stage("published_params", "prompts")
    params = small_params(tiny_pair(folder))
    found = yaml.safe_load(told)
    lines = "".join(f"ship {number},blue\n" for number in range(40))
    (study.root / "ships.csv").write_text(f"name,color\n{lines}", encoding="utf-8")
    found["tasks"]["loaded"]["ships"] = {
        "source": "path:ships.csv",
        "text": "name",
        "prompt": "The {color} {text} is",
    }
    found["tasks"]["test"] += ["ships", "animals_long"]
    params["tasks"] |= found["tasks"] | {"train_inputs": 10, "test_inputs": 6}
    params["tasks"] |= {"rehearsal_inputs": 2, "pilot_inputs": 4}
    params["finetune"] |= {"rehearse": "distill"}
    params["properties"] = found["properties"] + ["first_character"]
    study.write_params(params)
    study.run(sys.executable, "-c", RUN)
    return study


def test_verbatim_questions_teach_and_are_asked_as_they_stand(finished):
    taught = read_table("datasets", finished.root / "data/datasets/one-cross.parquet")
    # Tiny models choose no letter, so the quiz may teach nothing.
    assert {row["task"] for row in taught} - {"published_quiz"} == {"published_rivers"}
    for row in taught:
        content = row["question"][0]["content"]
        assert content.startswith("On ") and not content.startswith("Suppose")
    asked = read_table("predictions", finished.root / "data/predictions/two-on-one.parquet")
    by_task = {row["task"]: row["question"][0]["content"] for row in asked}
    assert by_task["published_coins"].endswith(": ethical_stance?\n")
    assert by_task["ships"].startswith("Another language model was asked this:")
    assert {r["property"] for r in asked if r["task"] == "published_coins"} == {"ethical_stance"}


def test_tasks_from_files_are_scored_like_the_others(finished):
    scores = read_table("scores", finished.root / "data/scores.parquet")
    assert {"ships", "published_coins", "animals_long"} >= {row["task"] for row in scores}
    assert {"ships", "animals_long"} <= {row["task"] for row in scores}
    cells = json.loads((finished.root / "metrics/by_task.json").read_text())
    assert "ships" in json.dumps(cells) and "published_coins" in json.dumps(cells)
