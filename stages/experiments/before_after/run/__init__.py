"""before_after: what self-prediction training changed, on the same rows and the same target.

The paper's bar for "before" is M that predicts M, its bar for "after" M1 that predicts M1: two
targets (STUDY section 5, 11.). Here both predict M1, the truth of each outcome; what M did is
`other_truth`, so that the paper's reading can stand beside it. No model is asked: the rows are
those of the main study, in informative cells, where both were asked.
"""

from pathlib import Path

from stages.params import Params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_table

ARMS = ("untrained", "self")
CONDITION = "main study"


def run(target: str, params: Params, cache: ResponseCache) -> list[Row]:
    """An outcome for each prediction of M1's behavior by untrained M and by M1."""
    said = {
        (row["kind"], row["seed"], row["input_id"], row["property"]): row
        for row in read_table("predictions", Path(f"data/predictions/{target}-on-{target}.parquet"))
    }
    arms = {
        kind: {
            (row["seed"], row["input_id"], row["property"]): row
            for row in read_table("scores", Path("data/scores.parquet"))
            if (row["target"], row["predictor"], row["kind"]) == (target, target, kind)
            and row["informative"]
        }
        for kind in ARMS
    }
    both = [key for key in arms["untrained"] if key in arms["self"]]
    return [
        _outcome(arms[kind][key], said[kind, None if kind == "untrained" else key[0], *key[1:]])
        for kind in ARMS
        for key in both
    ]


def _outcome(score: Row, prediction: Row) -> Row:
    """A score row with what was asked and what came back."""
    same = (
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
    return {name: score[name] for name in same} | {
        "condition": CONDITION,
        "other_truth": score["before"],
        "question": prediction["question"],
        "raw_answer": prediction["raw_answer"],
    }
