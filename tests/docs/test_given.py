"""docs/given.md works as written, on the tables of a small study."""

import json

from tests.conftest import ROOT, existing_study
from tests.docs.recipes import run_recipe

HERE = {
    "--target smollm2": "--target left",  # a subject of the small study
    "dvc repro evaluate": "python -m stages.evaluate",  # which no stage of dvc made
}


def test_answers_are_written_filled_in_and_scored(study, tmp_path_factory):
    text = (ROOT / "docs/given.md").read_text(encoding="utf-8")
    for written, meant in HERE.items():
        assert text.count(written) == 1
        text = text.replace(written, meant)
    recipe = tmp_path_factory.mktemp("docs") / "given.md"
    recipe.write_text(text, encoding="utf-8")
    here = existing_study(study, study / "cache")
    here.environment["PYTHONPATH"] = str(ROOT)
    told = run_recipe(recipe, here)
    assert "questions on 4 inputs" in told and "answers about left are missing" in told
    found = json.loads((study / "metrics/targets.json").read_text(encoding="utf-8"))
    assert found["targets"]["left"]["given"]["anna"]["accuracy"]["rows"] == 4
