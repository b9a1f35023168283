"""What the hosted models of a study cost, by stage and model, as its tables and logs say.

An answer has the price of the day on which its table was written; what was asked once and stands in
the cache is counted as if it had been paid for that table alone.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stages.storage.tables import Row, read_columns
from stages.study.arms import pair_name, self_name, subject_name
from stages.study.design import Design

TOKENS = ("prompt_tokens", "cached_tokens", "answer_tokens")
COLUMNS = ("backend", *TOKENS, "cost_usd", "estimated", "seed")
DECIMALS = 6  # of US dollars
Logs = Mapping[str, Mapping[str, Any]]
"""adapter and seed -> train_log.json"""


def costs(design: Design, data: Path, training: Logs) -> dict[str, Any]:
    """`stages`, a row each of a stage and model, and `cost_usd` of all; empty where none is hosted.

    A cost that is not known, as a price is not told, is absent.
    """
    found = [row for row in _rows(design, data, training) if row["count"]]
    if not found:
        return {}
    known = [row["cost_usd"] for row in found if "cost_usd" in row]
    whole = {"cost_usd": round(sum(known), DECIMALS)} if len(known) == len(found) else {}
    return {"stages": found, **whole}


def _rows(design: Design, data: Path, training: Logs) -> Iterator[Row]:
    def table(kind: str, name: str) -> pd.DataFrame:
        return read_columns(kind, data / kind / f"{name}.parquet", COLUMNS)

    models = design.subjects
    for model in models:
        yield _asked("sample_base", model, table("behavior", model))
    for model in models:
        yield _taught("train_self", model, [self_name(model)], design, training)
    for model in models:
        logs = {seed: training[subject_name(self_name(model), seed)] for seed in design.seeds}
        copied = [seed for seed, log in logs.items() if log.get("trained") is False]
        rows = table("behavior", self_name(model))  # where nothing was trained M's were copied
        yield _asked("sample_target", model, rows[~rows["seed"].isin(copied)])
    for model in models:
        pairs = [pair_name(model, target) for target in models]
        yield _taught("train_cross", model, pairs, design, training)
    for model in models:
        said = [table("predictions", pair_name(model, target)) for target in models]
        yield _asked("predict", model, pd.concat(said))


def _asked(stage: str, model: str, rows: pd.DataFrame) -> Row:
    """What the answers of hosted models among the rows took."""
    rows = rows[rows["backend"].notna()]
    tokens = {name: int(rows[name].fillna(0).sum()) for name in TOKENS}
    priced = rows["cost_usd"].notna() | rows[list(TOKENS)].fillna(0).eq(0).all(axis=1)
    about = {"stage": stage, "model": model, "count": len(rows), **tokens}
    estimated = {"estimated": int(rows["estimated"].fillna(False).astype(bool).sum())}
    return about | estimated | _cost(rows["cost_usd"].fillna(0.0).sum(), bool(priced.all()))


def _taught(stage: str, model: str, adapters: list[str], design: Design, training: Logs) -> Row:
    """What the trainings of a hosted model took: those of whose tokens the log tells."""
    logs = [training[subject_name(name, seed)] for name in adapters for seed in design.seeds]
    logs = [log for log in logs if "trained_tokens" in log]
    tokens = [log["trained_tokens"] for log in logs if log["trained_tokens"] is not None]
    paid = [log["cost_usd"] for log in logs if log.get("cost_usd") is not None]
    about = {"stage": stage, "model": model, "count": len(logs), "trained_tokens": sum(tokens)}
    return about | {"estimated": 0} | _cost(sum(paid), len(paid) == len(logs))


def _cost(amount: float, known: bool) -> Row:
    return {"cost_usd": round(float(amount), DECIMALS)} if known else {}
