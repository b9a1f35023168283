"""Whose draws a training has: those of all arms of a seed, or its own."""

import pytest

from stages.experiments.scaling.run import _taught
from stages.finetune import taught
from stages.params import load_params
from stages.storage.tables import write_table
from stages.study.arms import arm_seed
from tests.conftest import ROOT


class Teachers:
    """As Models and its teacher: makes nothing, but for a list of the seeds that it got."""

    def __init__(self):
        self.seeds = []

    def teacher(self, *_):
        return self

    def teach(self, _, rule, seed):
        self.seeds.append(seed)

    def base(self, _):
        return self

    def changed(self, *_):
        return self


@pytest.fixture
def params():
    told = load_params(ROOT / "params.yaml")
    rule = told.finetune.model_copy(update={"rehearse": "none"})
    return told.model_copy(update={"seeds": [3, 4], "finetune": rule})


def seeds(params, seed_by, adapter, table):
    models, rule = Teachers(), params.finetune.model_copy(update={"seed_by": seed_by})
    list(taught("m", adapter, table, params.model_copy(update={"finetune": rule}), models))
    return models.seeds


def test_by_study_all_arms_of_a_seed_draw_alike_and_by_arm_each_its_own(tmp_path, params):
    table = tmp_path / "rows.parquet"
    write_table("datasets", [], table)
    assert seeds(params, "study", "m-self", table) == seeds(params, "study", "m-on-n", table)
    assert seeds(params, "study", "m-self", table) == [3, 4]
    own, other = (seeds(params, "arm", adapter, table) for adapter in ("m-self", "m-on-n"))
    assert len({3, 4, *own, *other}) == 6
    assert own == [arm_seed(3, "m-self"), arm_seed(4, "m-self")]
    assert all(0 <= seed < 2**31 for seed in own + other)


def test_an_arm_of_a_smaller_size_draws_as_that_of_the_main_study(params):
    rule = params.finetune.model_copy(update={"seed_by": "arm"})
    study = type("Study", (), {"finetune": rule, "models": Teachers()})
    teacher = Teachers()
    _taught(teacher, "m", "m-on-n", 3, [], set(), study)
    assert teacher.seeds == [arm_seed(3, "m-on-n")]
