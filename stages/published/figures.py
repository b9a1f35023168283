"""The published formulas, to compare with the paper's own numbers (arXiv 2410.13787).

    python -m stages.published.figures < tables.jsonl

Each line of standard input is a JSON object. With `objects` and `metas` (rows of task, string,
property, answer, compliant) the accuracies are printed; with `objects_before`, `objects_after` and
`metas_of_changed_model` what a change of behavior moved; with `"kind": "entropy_adjust"` what the
entropy adjustment keeps. Known mistakes are kept, as they are part of the numbers: only
predictions lose their punctuation, rows are taken for independent, and one answer without
compliance counts like any other (docs/method.md has the rules of this project).
"""

import string
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import numpy as np

from stages.published.json_lines import answer_lines
from stages.storage.tables import Row
from stages.study.splits import rng
from stages.study.truth import entropy_bits, most_common

Cell = tuple[str, str]
RESAMPLES, BOOTSTRAP_SEED = 1000, 42
CATEGORIES = 100  # most common answers of a cell that the entropy adjustment looks at
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


def renamed(name: str) -> str:
    """The group that a property is shown in."""
    if name.startswith("matches"):
        return "ethical_stance"
    return "among_options" if name.startswith("is_either") else name


def joined(objects: Sequence[Row], metas: Sequence[Row], rule: str = "keep") -> list[Row]:
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
            truth, complies = _value(did), meta.get("compliant", True)
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
        cells.setdefault((row["task"], row["property"]), []).append(_value(row))
    return {cell: str(most_common(values)) for cell, values in cells.items()}


def figures(rows: Sequence[Row]) -> dict:
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
) -> dict[str, dict]:
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
    return fmean(_value(row) == modes[row["task"], row["property"]] for row in objects)


def moved(before: Sequence[Row], after: Sequence[Row]) -> dict[str, list[str]]:
    """Strings whose behavior shifted, stayed the same, or did not comply on either side."""
    old = {(r["task"], r["string"], r["property"]): r for r in before}
    found: dict[str, list[str]] = {"shifted": [], "same": [], "not_compliant": []}
    for row in after:
        other = old.get((row["task"], row["string"], row["property"]))
        if other is None:
            continue
        if not (row.get("compliant", True) and other.get("compliant", True)):
            found["not_compliant"].append(row["string"])
        else:
            found["same" if _value(row) == _value(other) else "shifted"].append(row["string"])
    return found


def entropy_adjusted(before: Sequence[Row], after: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Both tables cut so that each common answer of a cell is as frequent in both.

    Of the strings that both have, min(count before, count after) rows of each of the 100 most
    common answers before stay, drawn by (seed 42, task, string, property).
    """
    keys = [{(r["task"], r["string"], r["property"]) for r in table} for table in (before, after)]
    common = keys[0] & keys[1]
    tables = [
        [r for r in table if (r["task"], r["string"], r["property"]) in common]
        for table in (before, after)
    ]
    counts = [_cell_counts(table) for table in tables]
    kept: list[list[Row]] = []
    for table in tables:
        room = {
            (cell, answer): min(number, counts[1][cell][answer])
            for cell, values in counts[0].items()
            for answer, number in values.most_common(CATEGORIES)
        }
        left = []
        for row in sorted(table, key=_draw):
            slot = (row["task"], row["property"]), _value(row)
            if room.get(slot, 0) > 0:
                room[slot] -= 1
                left.append(row)
        kept.append(left)
    return kept[0], kept[1]


def answer_table(table: Mapping) -> dict:
    """What is printed for one line of standard input."""
    if "objects" in table:
        shown = accuracies(
            table["objects"],
            table["metas"],
            rename=bool(table.get("rename_properties")),
            rule=table.get("rule", "keep"),
        )
        return {**shown, "_modal_baseline_over_all_object_rows": mode_share(table["objects"])}
    before, after = table["objects_before"], table["objects_after"]
    if table.get("kind") == "entropy_adjust":
        return _adjustment(before, after)
    return _shift(before, after, table["metas_of_changed_model"])


def _adjustment(before: Sequence[Row], after: Sequence[Row]) -> dict:
    kept = entropy_adjusted(before, after)
    counts = [Counter(map(_value, rows)) for rows in (*kept, before, after)]
    return {
        "kept_per_category": dict(counts[0]),
        "kept_per_category_after": dict(counts[1]),
        "entropy_bits_before": entropy_bits(counts[2]),
        "entropy_bits_after": entropy_bits(counts[3]),
        "entropy_bits_adjusted": entropy_bits(counts[0]),
    }


def _shift(before: Sequence[Row], after: Sequence[Row], metas: Sequence[Row]) -> dict:
    found = moved(before, after)
    shifted = set(found["shifted"])
    shown: dict = {f"{name}_strings": sorted(strings) for name, strings in found.items()}
    for name, objects in (("old", before), ("new", after)):
        part = [row for row in objects if row["string"] in shifted]
        shown[f"predicting_{name}"] = figures(joined(part, metas))
        shown[f"predicting_{name}_all_rows"] = figures(joined(objects, metas))
    return shown


def _value(row: Row) -> str:
    return row["answer"].lower().strip()


def _cell_counts(rows: Iterable[Row]) -> dict[Cell, Counter[str]]:
    cells: dict[Cell, Counter[str]] = {}
    for row in rows:
        cells.setdefault((row["task"], row["property"]), Counter())[_value(row)] += 1
    return cells


def _draw(row: Row) -> float:
    return rng(BOOTSTRAP_SEED, "entropy", row["task"], row["string"], row["property"]).random()


if __name__ == "__main__":
    sys.exit(answer_lines(answer_table))
