"""A study whose models are on a server ends in what the same models end in locally."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.storage.tables import read_table
from tests.conftest import Study, new_study
from tests.hosted.running import run_study
from tests.hosted.tiny_study import Served, ends, moved, same, served
from tests.pipeline.conftest import copy_of

pytestmark = pytest.mark.slow
EXPERIMENTS = ["calibration", "scaling", "examples"]  # draws, trainings, long prompts


@pytest.fixture(scope="module")
def server(original: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(original.root, original.params(), tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def hosted(original: Study, server: Served, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The same study with both models on the server."""
    study = copy_of(original, tmp_path_factory.mktemp("hosted") / "study")
    params = moved(study.params(), server.url, study.params()["subjects"])
    params["experiments"]["run"] = EXPERIMENTS
    study.write_params(params)
    study.dvc("repro")
    return study


def test_hosted_models_end_in_the_same_rows_and_numbers_as_local_ones(original, hosted):
    here, there = ends(original.root, EXPERIMENTS), ends(hosted.root, EXPERIMENTS)
    assert here.keys() == there.keys()
    for name, rows in here.items():
        assert same(there[name], rows), name


def test_what_the_server_taught_are_the_adapters_of_a_local_run(original, server, hosted):
    def weights(folder: Path) -> bytes:
        return (folder / "adapter_model.safetensors").read_bytes()

    local = {weights(path.parent) for path in original.root.glob("data/adapters/*/*/*.safetensors")}
    taught = {weights(adapter) for _, adapter in server.models.taught.values()}
    assert local <= taught


def test_a_study_of_hosted_models_asks_and_teaches_each_thing_once(server, hosted):
    answered = server.chat.answered
    assert len(answered) == len(set(answered))
    files = [job["training_file"] for job in server.jobs.jobs.values()]
    assert len(server.models.taught) == len(files) == len(set(files))


def test_hosted_targets_with_local_predictors_and_the_other_way_round_run_in_one_study(
    original, server, hosted, tmp_path, monkeypatch
):
    """Nothing is asked or taught anew: each half of it stands in one of the two studies."""
    names = original.params()["subjects"]
    study = new_study(tmp_path / "mixed", Path(original.environment["SELFPREDICT_CACHE"]))
    params = moved(original.params(), server.url, names[:1])
    study.write_params(params | {"experiments": params["experiments"] | {"run": []}})
    asked, taught = len(server.chat.answered), len(server.jobs.jobs)
    monkeypatch.chdir(study.root)
    monkeypatch.setenv("SELFPREDICT_CACHE", study.environment["SELFPREDICT_CACHE"])
    run_study(names)
    assert (len(server.chat.answered), len(server.jobs.jobs)) == (asked, taught)
    for predictor, target, backend in ((*names, "openai"), (*names[::-1], None)):
        path = study.root / f"data/predictions/{predictor}-on-{target}.parquet"
        assert {row["backend"] for row in read_table("predictions", path)} == {backend}
    here, there = ends(original.root, []), ends(study.root, [])
    assert here.keys() >= there.keys()
    for name, found in there.items():
        assert same(found, here[name]), name
