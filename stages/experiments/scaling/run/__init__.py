"""scaling: accuracy by the number of training inputs, for self, fresh-label self and cross.

The target is the M1 of the main study, whose predictions are the largest point. Every smaller
size trains each arm anew, by the settings of the main study, on the same inputs: M on its own
labels (self), M on M1's (fresh_self) and each other model on M1's (cross).
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from stages.experiments.shared.outcomes import (
    asking,
    behavior,
    held_out_inputs,
    informative,
    outcomes,
    predicted,
    values,
)
from stages.models.local.subject.loading import Subject, load_base, with_adapter
from stages.models.local.teach.finetuning import finetuned, own_answers
from stages.models.local.teach.settings import Settings
from stages.models.predicting import predict
from stages.models.questions import Decoding
from stages.params import Params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_table
from stages.study.splits import rng

log = logging.getLogger(__name__)


def run(target: str, params: Params, cache: ResponseCache) -> list[Row]:
    """Outcomes on informative cells; `condition` is the number of training inputs."""
    inputs = held_out_inputs(params, params.experiments.scaling.inputs)
    cells = informative(target)
    rows: list[Row] = []
    for seed in params.seeds:
        did = values(behavior(f"{target}-self", seed), inputs, params.properties)
        for kind, predictor, size, found in _answers(target, seed, params, inputs, cache):
            about = {
                "target": target,
                "predictor": predictor,
                "kind": kind,
                "seed": seed,
                "condition": str(size),
            }
            counted = [row for row in found if (row["task"], row["property"]) in cells]
            rows += outcomes(counted, did, inputs, about)
    return rows


def _answers(
    target: str, seed: int, params: Params, inputs: Sequence[Row], cache: ResponseCache
) -> Iterator[tuple[str, str, int, list[Row]]]:
    """(kind, predictor, number of training inputs, predictions) of each arm and size."""
    stale, fresh = (_lessons(f"{target}-{name}", seed) for name in ("self", "cross"))
    order = training_order(stale, fresh, params)
    sizes = [size for size in params.experiments.scaling.sizes if size < len(order)]
    for size in sorted(set(params.experiments.scaling.sizes) - set(sizes)):
        log.warning(
            f"scaling: left out {size}, which is not under {len(order)}, the number of training "
            f"inputs that both datasets of {target} have (seed {seed})"
        )
    others = [name for name in params.subjects if name != target]
    arms = [("self", target, stale), ("fresh_self", target, fresh)]
    asked = {row["input_id"] for row in inputs}
    for kind, predictor, lessons in arms + [("cross", name, fresh) for name in others]:
        for size in sizes:
            found = predict(
                _taught(predictor, lessons, set(order[:size]), seed, params),
                inputs,
                params.properties,
                Decoding(params.predict.max_tokens),
                cache,
                asking=asking(kind, params),
                label=f"{kind}, {size} inputs",
            )
            yield kind, predictor, size, list(found)
        whole = predicted(predictor, target, kind, seed)
        taught = len({row["input_id"] for row in lessons})
        yield kind, predictor, taught, [row for row in whole if row["input_id"] in asked]


def training_order(stale: Iterable[Row], fresh: Iterable[Row], params: Params) -> list[str]:
    """The inputs that both datasets teach, in the order in which they are taken: ids.

    One of each train task in turn, so that the beginnings, which are the smaller sets, are
    balanced; within a task the order is decided by (seed, input).
    """
    both = {row["input_id"] for row in stale}
    tasks = {row["input_id"]: row["task"] for row in fresh if row["input_id"] in both}
    turns: list[tuple[int, int, str]] = []
    for number, task in enumerate(params.tasks.train):
        own = [key for key, other in tasks.items() if other == task]
        own.sort(key=lambda key: (rng(params.seed, "scaling", key).random(), key))
        turns += [(turn, number, key) for turn, key in enumerate(own)]
    return [key for _, _, key in sorted(turns)]


def _lessons(dataset: str, seed: int) -> list[Row]:
    """What is trained on for one seed; what was held back to measure it is not needed here."""
    rows = read_table("datasets", f"data/datasets/{dataset}.parquet")
    return [row for row in rows if row["seed"] in (None, seed) and row["slice"] == "train"]


def _taught(
    predictor: str, lessons: Iterable[Row], inputs: set[str], seed: int, params: Params
) -> Subject:
    """The base model trained on the rows of these inputs."""
    rows = [row for row in lessons if row["input_id"] in inputs]
    if params.finetune.rehearse:
        rows += own_answers(predictor, inputs)
    base = Path("data/models") / predictor
    settings = settings(params.finetune, seed)
    folder = finetuned(load_base(base), rows, settings)
    return with_adapter(load_base(base), folder, f"{predictor}/seed-{seed}")
