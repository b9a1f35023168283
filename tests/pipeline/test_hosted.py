"""A study whose models are on a server ends in what the same models end in locally.

`python -m tests.kills.hosted` does the same by `dvc repro`, with faults and kills.
"""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from stages.storage.tables import read_table
from tests.conftest import Study
from tests.hosted.running import run_experiments, run_study
from tests.hosted.tiny_study import Served, differing, ends, moved, served, weights

pytestmark = pytest.mark.slow
EXPERIMENTS = ["calibration", "examples"]  # draws at temperature 1, and earlier turns


@pytest.fixture(scope="module")
def server(original: Study) -> Iterator[Served]:
    cache = Path(original.environment["SELFPREDICT_CACHE"])
    with served(original.root, original.params(), cache) as running:
        yield running


def run(original: Study, server: Served, root: Path, names: Sequence[str], *more: str) -> Path:
    """The study with these of its subjects on the server, and more experiments, run in `root`."""
    params = moved(original.params(), server.url, names)
    params["experiments"]["run"] = list(more)
    root.mkdir()
    (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    (root / "metrics").mkdir()  # copies with private answers are of local models alone
    shutil.copy(original.root / "metrics/sensitivity.json", root / "metrics")
    with contextlib.chdir(root):
        run_study(params["subjects"])
        run_experiments(more, params["subjects"])
    return root


@pytest.fixture(scope="module")
def hosted(original: Study, server: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same study with both models on the server."""
    root = tmp_path_factory.mktemp("hosted") / "study"
    return run(original, server, root, original.params()["subjects"], *EXPERIMENTS)


def test_hosted_models_end_in_the_same_rows_and_numbers_as_local_ones(original, hosted):
    assert differing(ends(hosted, EXPERIMENTS), ends(original.root, EXPERIMENTS)) == []


def test_what_the_server_taught_are_the_adapters_of_a_local_run(original, server, hosted):
    taught = {weights(adapter) for _, adapter in server.models.taught.values()}
    assert {
        weights(path.parent) for path in original.root.glob("data/adapters/*/*/*.safetensors")
    } <= taught


def test_a_study_of_hosted_models_asks_and_teaches_each_thing_once(server, hosted):
    answered = server.chat.answered
    assert len(answered) == len(set(answered))
    files = [job["training_file"] for job in server.jobs.jobs.values()]
    assert len(server.models.taught) == len(files) == len(set(files))


def test_a_hosted_target_of_a_local_predictor_and_the_reverse_stand_in_one_study(
    original, server, hosted, tmp_path
):
    """Nothing is asked or taught anew: each half of it stands in one of the two studies."""
    one, two = original.params()["subjects"]
    asked, taught = len(server.chat.answered), len(server.jobs.jobs)
    mixed = run(original, server, tmp_path / "mixed", [one])
    assert (len(server.chat.answered), len(server.jobs.jobs)) == (asked, taught)
    for predictor, target, backend in ((one, two, "openai"), (two, one, None)):
        path = mixed / f"data/predictions/{predictor}-on-{target}.parquet"
        assert {row["backend"] for row in read_table("predictions", path)} == {backend}
    assert differing(ends(mixed, []), ends(original.root, [])) == []
