"""The recipes of docs/hosted.md: params that are sound, numbers of a model that changed."""

import re

import pandas as pd
import yaml

from stages.models.chat.hosted import HostedChat
from stages.models.hosted.identity import host_of
from stages.models.hosted.spec.section import HostedSpec
from tests.conftest import ROOT

ONE = {"kind": "self", "property": "first_word", "task": "animals"}


def test_numbers_of_each_fingerprint_are_had_apart(tmp_path, monkeypatch, capsys):
    (recipe,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/hosted.md").read_text(), re.S)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/predictions").mkdir(parents=True)
    asked, scores = [], []
    for seed in (None, 0):
        for i, correct in enumerate([True, False, True, True]):
            row = {**ONE, "seed": seed, "input_id": f"{i}"}
            asked.append({**row, "system_fingerprint": "fp_a" if i < 2 else "fp_b"})
            scores.append({**row, "target": "gpt", "predictor": "gpt", "correct": correct})
    pd.DataFrame(asked).to_parquet("data/predictions/gpt-on-gpt.parquet")
    pd.DataFrame([*scores, {**scores[0], "target": "other"}]).to_parquet("data/scores.parquet")
    exec(recipe, {})
    told = capsys.readouterr().out.split()
    assert told[-8:] == ["fp_a", "self", "0.5", "4", "fp_b", "self", "1.0", "4"]


def test_the_params_of_every_recipe_are_sound():
    section = (ROOT / "docs/hosted.md").read_text().split("## Recipes\n")[1].split("\n## ")[0]
    recipes = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", section, re.S)]
    for recipe in recipes:
        for told in recipe.get("models", {}).values():
            HostedSpec.model_validate(told)
        for told in recipe.get("chat", {"models": {}})["models"].values():
            HostedChat.model_validate(told)
    assert len(recipes) > 5


def test_the_params_of_azure_are_sound_and_lead_to_the_deployments():
    section = (ROOT / "docs/hosted.md").read_text().split("## Azure\n")[1]
    told = yaml.safe_load(section.split("```yaml\n")[1].split("```")[0])["models"]["gpt"]
    spec, chat = HostedSpec.model_validate(told), HostedChat()
    base, *tuned = spec.deployments
    assert base == spec.model
    for model in (base, *tuned):
        url = host_of("gpt", spec, chat, model).url
        assert url == f"{spec.base_url}/deployments/{spec.deployments[model]}/chat/completions"
