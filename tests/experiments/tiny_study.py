"""The small study of tests/analysis with tiny models and adapters, so that its M1 can be asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from stages.models.local.subject.loading import load_base
from stages.models.local.teach.finetuning import finetuned
from stages.models.local.teach.settings import settings
from stages.params import Params
from stages.storage.tables import read_table
from tests.analysis import small_study
from tests.conftest import CHAT
from tests.tiny_models import describe, make_tiny_model


def params(experiments: dict, **changed) -> Params:
    """The small study's params with sections of experiments, all of which run."""
    told = {"experiments": {"run": list(experiments)} | experiments}
    return Params.model_validate(small_study.params() | told | changed)


@contextmanager
def working_study(root: Path) -> Iterator[Path]:
    """Write the study to `root` and be there, with a cache of its own, until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("SELFPREDICT_CACHE", str(root / "cache"))
        write_study(root)
        yield root


def write_study(root: Path) -> None:
    """Write data/ below `root`, the working folder; M1 of both models is trained for a step."""
    small_study.write_study(root)
    one_step = replace(settings(params({}).finetune, 0), batch_inputs=1)
    for number, model in enumerate(small_study.MODELS):
        folder = describe(make_tiny_model(root / "data/models" / model, number), model)
        (folder / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
        rows = read_table("datasets", root / f"data/datasets/{model}-self.parquet")
        finished = finetuned(load_base(folder), rows[:2], one_step)
        copytree(finished, root / f"data/adapters/{model}-self/seed-0", dirs_exist_ok=True)
