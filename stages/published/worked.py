"""What the published code would say of worked examples: one answer for one JSON object each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stages.published.accuracies import accuracies, as_compared, figures, joined, mode_share
from stages.published.calibration import BINS, bins, mean_absolute_deviation, points
from stages.published.compliance import published_compliance
from stages.published.shifts import PLACE, entropy_adjusted, moved
from stages.study.truth import entropy_bits

Row = Mapping[str, Any]


def figures_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """With `objects` and `metas` the accuracies; with `objects_before`, `objects_after` and
    `metas_of_changed_model` what a change of behavior moved; with "kind": "entropy_adjust" what the
    entropy adjustment keeps."""
    if "objects" in asked:
        shown = accuracies(
            asked["objects"],
            asked["metas"],
            rename=bool(asked.get("rename_properties")),
            rule=asked.get("rule", "keep"),
        )
        return {**shown, "_modal_baseline_over_all_object_rows": mode_share(asked["objects"])}
    before, after = asked["objects_before"], asked["objects_after"]
    if asked.get("kind") == "entropy_adjust":
        return _adjustment(before, after)
    return _shift(before, after, asked["metas_of_changed_model"])


def compliance_of(asked: Mapping[str, Any]) -> bool | list[str]:
    """The verdict on `raw_response` by `groups`; raw_kind float_nan says what JSON cannot."""
    raw = float("nan") if asked.get("raw_kind") == "float_nan" else asked["raw_response"]
    return published_compliance(raw, asked["groups"])


def calibration_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Points, bins and deviation of a `property` over `prompts`, in `num_bins` bins."""
    found = [
        points(prompt["object_responses"], prompt["meta_answers"], asked["property"])
        for prompt in asked["prompts"]
    ]
    there = [point for prompt in found for point in prompt if point is not None]
    table = bins(there, asked.get("num_bins", BINS))
    return {
        "points_by_prompt_rank1_rank2_rank3": found,
        "n_points": len(there),
        "bin_mean_object": table["target"].tolist(),
        "bin_mean_meta": table["predicted"].tolist(),
        "n_bins_after_dropping_equal_edges": len(table),
        "mad_percent_points": mean_absolute_deviation(table),
    }


def _adjustment(before: Sequence[Row], after: Sequence[Row]) -> dict[str, Any]:
    kept = entropy_adjusted(_table(before), _table(after))
    tables = [table["answer"].tolist() for table in kept]
    tables += [[row["answer"] for row in rows] for rows in (before, after)]
    counts = [Counter(map(as_compared, answers)) for answers in tables]
    return {
        "kept_per_category": dict(counts[0]),
        "kept_per_category_after": dict(counts[1]),
        "entropy_bits_before": entropy_bits(counts[2]),
        "entropy_bits_after": entropy_bits(counts[3]),
        "entropy_bits_adjusted": entropy_bits(counts[0]),
    }


def _table(rows: Sequence[Row]) -> pd.DataFrame:
    columns = [*PLACE, "answer"]
    return pd.DataFrame([[row[name] for name in columns] for row in rows], columns=columns)


def _shift(before: Sequence[Row], after: Sequence[Row], metas: Sequence[Row]) -> dict[str, Any]:
    found = moved(before, after)
    shifted = set(found["shifted"])
    shown: dict[str, Any] = {f"{name}_strings": sorted(found[name]) for name in found}
    for name, objects in (("old", before), ("new", after)):
        part = [row for row in objects if row["string"] in shifted]
        shown[f"predicting_{name}"] = figures(joined(part, metas))
        shown[f"predicting_{name}_all_rows"] = figures(joined(objects, metas))
    return shown
