"""What is told of a run while it lasts: its plan, and of each cell when it begins and ends.

A line of JSON each, of one of these forms:

    {"plan": [{"cell": ..., "needs": [cells], "stale": whether it will run}, ...]}
    {"begins": cell}
    {"ends": cell, "how": "ran" | "restored" | "kept" | "failed"}
    {"exit": status}   the last, which is told of a child and not by it
"""

import json
from typing import Any

RAN = "ran"
RESTORED = "restored"  # from what dvc keeps of earlier runs
KEPT = "kept"  # as nothing changed
FAILED = "failed"
EXIT = "exit"


def event(line: str) -> dict[str, Any]:
    """An event of a line; an empty one where it is cut off, as a kill may leave it."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
