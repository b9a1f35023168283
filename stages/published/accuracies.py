"""The published formulas for accuracies, to compare with the paper's numbers (arXiv 2410.13787).

Rows are those of task, string, property, answer and compliant. Known mistakes are kept, as they
are part of the numbers: only predictions lose their punctuation, rows are taken for independent,
and one answer without compliance counts like any other (docs/method.md has the rules of this
project).
"""

import string
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from stages.study.truth import Cell, most_common

Row = Mapping[str, Any]
RESAMPLES, BOOTSTRAP_SEED = 1000, 42
MICRO = "micro_average"
RULES = ("keep", "exclude", "paper")


def cleaned(answer: str) -> str:
    """A prediction as it is compared: lower case, no ASCII punctuation, single spaces."""
    bare = answer.lower().translate(str.maketrans("", "", string.punctuation))
    for blank in "\n\t":
        bare = bare.replace(blank, " ")
    while "  " in bare:
        bare = bare.replace("  ", " ")
    return bare.strip()


def as_compared(behavior: str) -> str:
    """A behavior as it is compared: lower case, its punctuation kept."""
    return behavior.lower().strip()


def renamed(name: str) -> str:
    """The group that a property is shown in."""
    if name.startswith("matches"):
        return "ethical_stance"
    return "among_options" if name.startswith("is_either") else name


def joined(
    objects: Sequence[Row], metas: Sequence[Row], rule: str = "keep"
) -> list[dict[str, Any]]:
    """A row for every pair of a prediction and a behavior of one task, string and property.

    Predictions without a behavior vanish; repeats on either side multiply. `rule` says what
    becomes of answers that do not comply: keep them as they are, exclude rows in which either
    does not comply (the two branches of the published code), or, as the paper says, exclude
    behavior and count predictions as wrong.
    """
    modes = cell_modes(objects)
    by_key: dict[tuple[str, str, str], list[Row]] = {}
    for row in objects:
        by_key.setdefault((row["task"], row["string"], row["property"]), []).append(row)
    rows = []
    for meta in metas:
        for did in by_key.get((meta["task"], meta["string"], meta["property"]), []):
            truth, complies = as_compared(did["answer"]), meta.get("compliant", True)
            if rule != "keep" and not did.get("compliant", True):
                continue
            if rule == "exclude" and not complies:
                continue
            rows.append(
                {
                    "task": meta["task"],
                    "string": meta["string"],
                    "property": meta["property"],
                    "correct": cleaned(meta["answer"]) == truth and (complies or rule != "paper"),
                    "mode_correct": modes[meta["task"], meta["property"]] == truth,
                    "compliant": complies,
                }
            )
    return rows


def cell_modes(objects: Iterable[Row]) -> dict[Cell, str]:
    """The most common behavior of each (task, property), the first met on ties."""
    cells: dict[Cell, list[str]] = {}
    for row in objects:
        cells.setdefault((row["task"], row["property"]), []).append(as_compared(row["answer"]))
    return {cell: str(most_common(values)) for cell, values in cells.items()}


def figures(rows: Sequence[Row]) -> dict[str, Any]:
    """Rows, accuracy, 1.96 standard errors, mode baseline, compliance and bootstrap of a group.

    The error is of independent rows, with n - 1 (None for one row); the bootstrap draws rows.
    """
    right = np.array([row["correct"] for row in rows], dtype=float)
    n = len(right)
    if not n:
        return {"n": 0}
    draws = np.random.default_rng(BOOTSTRAP_SEED)
    means = [draws.choice(right, n).mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return {
        "n": n,
        "accuracy": float(right.mean()),
        "error_1_96_sem": float(1.96 * right.std(ddof=1) / n**0.5) if n > 1 else None,
        "mode_baseline": fmean(row["mode_correct"] for row in rows),
        "compliance_rate": fmean(row["compliant"] for row in rows),
        "bootstrap_lower": float(low),
        "bootstrap_upper": float(high),
    }


def accuracies(
    objects: Sequence[Row], metas: Sequence[Row], *, rename: bool = False, rule: str = "keep"
) -> dict[str, dict[str, Any]]:
    """`figures` of each property, in sorted order, and of all rows: the paper's average.

    With `rename` the properties of one group are one.
    """
    rows = joined(objects, metas, rule)
    if rename:
        rows = [row | {"property": renamed(row["property"])} for row in rows]
    rows.sort(key=lambda row: row["property"])
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["property"], []).append(row)
    return {name: figures(group) for name, group in groups.items()} | {MICRO: figures(rows)}


def mode_share(objects: Sequence[Row]) -> float:
    """The share of all behavior rows, predicted or not, that the modes of their cells tell."""
    modes = cell_modes(objects)
    return fmean(
        as_compared(row["answer"]) == modes[row["task"], row["property"]] for row in objects
    )
