"""The whole pipeline on SmolLM2, at a few rows, fetched as a user's would be."""

import json

import pytest
import yaml

from stages.storage.files import write_json
from stages.storage.tables import read_table
from tests.conftest import ROOT, small_params


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_smollm2_is_fetched_asked_taught_and_scored(make_study):
    study = make_study()
    default = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params = small_params({"smollm2": default["models"]["smollm2"]})
    params["tasks"] |= {
        "test": ["animals_long"],
        "train_inputs": 6,
        "rehearsal_inputs": 2,
        "pilot_inputs": 3,
        "test_inputs": 3,
    }
    params["properties"] = ["first_word", "second_character", "among_a_or_c"]
    params["finetune"] |= {"lora_rank": 8}
    params["experiments"]["run"] = []  # one subject has no other whose answers it could be taught
    study.write_params(params)
    study.dvc("repro", "judge_cells")
    write_json(study.root / "metrics/sensitivity.json", {})  # copies are made of tiny models alone
    study.stage("evaluate")

    summary = json.loads((study.root / "metrics/summary.json").read_text())
    assert 0 <= summary["self"] <= 1
    assert not {"cross", "gap"} & summary.keys()  # one model has no other to be predicted by
    behavior = read_table("behavior", study.root / "data/behavior/smollm2.parquet")
    animals = [row["response"] for row in behavior if row["task"] == "animals_long"]
    assert len(set(animals)) > 1 and all(answer.strip() for answer in animals)
    log = json.loads((study.root / "data/adapters/smollm2-self/seed-0/train_log.json").read_text())
    losses = [loss for _, loss in log["loss"]]
    assert losses[-1] < losses[0]
