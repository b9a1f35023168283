"""before_after: what self-prediction training changed, on the same rows and the same target.

The paper's bar for "before" is M that predicts M, its bar for "after" M1 that predicts M1: two
targets (arXiv 2410.13787, section 3). Here both predict M1, the truth of each outcome; what M did
is `other_truth`, so that the paper's reading can stand beside it. No model is asked: the rows are
those of the main study, in informative cells, where both were asked.
"""

from collections.abc import Iterator

from stages.experiments.before_after.params import Told
from stages.experiments.shared.study import Study
from stages.experiments.shared.tables import scores
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_rows
from stages.study.arms import SELF, UNTRAINED, pair_name

ARMS = (UNTRAINED, SELF)
CONDITION = "main study"
SAME = (
    "target",
    "predictor",
    "kind",
    "seed",
    "input_id",
    "task",
    "property",
    "answer",
    "compliant",
    "truth",
    "correct",
    "mode_correct",
)
"""columns that an outcome has of its score"""

Behavior = tuple[int, str, str]
"""(seed of M1, input_id, property)"""


def run(target: str, told: Told, study: Study, cache: ResponseCache) -> Iterator[Row]:
    """An outcome for each prediction of M1's behavior by untrained M and by M1."""
    scored: dict[str, dict[Behavior, Row]] = {kind: {} for kind in ARMS}
    for row in scores(target, predictor=target, kind=list(ARMS)):
        scored[row["kind"]][row["seed"], row["input_id"], row["property"]] = row
    both = [key for key in scored[UNTRAINED] if key in scored[SELF]]
    for kind in ARMS:
        path = f"data/predictions/{pair_name(target, target)}.parquet"
        said = {
            (row["seed"], row["input_id"], row["property"]): (row["question"], row["raw_answer"])
            for row in read_rows("predictions", path, kind=kind, shown=False)
        }
        for seed, key, name in both:
            score = scored[kind][seed, key, name]
            question, raw_answer = said[None if kind == UNTRAINED else seed, key, name]
            yield {column: score[column] for column in SAME} | {
                "condition": CONDITION,
                "other_truth": score["before"],
                "question": question,
                "raw_answer": raw_answer,
            }
