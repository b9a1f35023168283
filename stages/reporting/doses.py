"""The picture of docs/sensitivity.json: what was found by how sure the target is of its answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from stages.storage.tables import Row


def points(found: Mapping[str, Any]) -> Iterator[Row]:
    """What the picture shows: each run's gap by its certainty, and where natural tasks lie."""
    for model, of in found.items():
        for run in of["runs"]:
            if "gap" in run:
                what = "nothing to find" if run["twin"] else "private answers"
                ends = {key: run.get(key) for key in ("gap", "gap_low", "gap_high")}
                yield {"model": model, "what": what, "certainty": run["certainty"], **ends}
        for task, sure in of["natural"].items():
            yield {"model": model, "what": "natural task", "certainty": sure, "task": task}
