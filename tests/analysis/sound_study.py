"""Made-up numbers of a study that can show something: what `summarise` and sensitivity.json have.

Two targets, `left` and `right`; of each fresh self is ahead of cross by 0.1, raw and corrected.
"""

from typing import Any

from stages.study.design import Design

DESIGN = Design(0, (0,), ("left", "right"), ("t",), ("u", "v", "w"), ("p", "q"))
OTHER = {"left": "right", "right": "left"}


def estimate(value: float, half: float = 0.05) -> dict[str, Any]:
    found = {"estimate": value, "ci_low": value - half, "ci_high": value + half}
    counts = {"inputs": 100, "rows": 300, "discordant": 40}
    return found | counts | {"p_value": 0.03, "detectable": 0.07}


def arm(value: float) -> dict[str, Any]:
    return {
        "accuracy": estimate(value),
        "dealt_out": 0.1,
        "corrected": estimate(value - 0.1),
        "mode": 0.2,
        "ceiling": 0.95,
        "held_back": 0.6,
        "held_back_mode": 0.3,
        "held_back_p": 0.001,
        "cells": 7,
    }


def compared(corrected: float, raw: float, half: float = 0.05) -> dict[str, Any]:
    found = {"corrected": estimate(corrected, half), "raw": estimate(raw, half)}
    return found | {"agree": corrected * raw > 0, "cells": 7, "tasks": 3}


def numbers(corrected: float = 0.1, raw: float = 0.1, half: float = 0.05) -> dict[str, Any]:
    """What is measured where fresh self is ahead of cross by that much about both targets."""
    targets = {
        target: {
            "self": 0.5,
            "fresh_self": 0.4 + corrected,
            "cross": {other: 0.4},
            "mode": 0.2,
            "kept": 0.85,
            "kept_by_task": {"u": 0.95, "v": 0.7, "w": 0.9},
            "arms": {
                "self": arm(0.5),
                "fresh_self": arm(0.4 + corrected),
                "cross": {other: arm(0.4)},
            },
        }
        for target, other in OTHER.items()
    }
    return {
        "primary": compared(corrected, raw, half)
        | {"cells": 8, "targets": {target: compared(corrected, raw, half) for target in OTHER}},
        "targets": targets,
        "cells": {"scored": 16, "uninformative": 2, "rows": 700, "rows_left_out": 100},
        "confidence": 0.95,
        "permutations": 200,
    }


def gaps(value: float) -> list[dict[str, Any]]:
    """The primary comparison where M1 does what M did, as in subsets.json."""
    where = {"target": "all", "subset": "unchanged", "comparison": "primary"}
    return [where | {"comparison": "gap"} | estimate(-value), where | estimate(value)]


def sensitivity() -> dict[str, Any]:
    found = {"self": 0.9, "cross": 0.1, "mode": 0.1, "gap": 0.8, "gap_low": 0.7, "gap_high": 0.9}
    null = {"null_gap": 0.01, "null_low": -0.04, "null_high": 0.06}
    more = {"certainty": 0.97, "held": 1.0, "found": True, "verdict": "found"}
    return {model: found | null | more for model in OTHER}
