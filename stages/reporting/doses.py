"""What docs/sensitivity.json has: what was found by how sure the target is of its answers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stages.storage.tables import Row


def found_from(runs: Iterable[Row]) -> Row:
    """In how many runs private answers were found, and from which certainty on in all of them.

    `found` of `runs`, and `least`: the least certainty of a run that found them and over that of
    every run that did not; absent where there is none. Runs of twins, which have nothing to find,
    and those without an outcome do not count.
    """
    tried = [run for run in runs if "found" in run and not run.get("twin") and "certainty" in run]
    missed = max((run["certainty"] for run in tried if not run["found"]), default=-1.0)
    found = [run["certainty"] for run in tried if run["found"]]
    sure = [certainty for certainty in found if certainty > missed]
    return {"found": len(found), "runs": len(tried)} | ({"least": min(sure)} if sure else {})


def points(found: Mapping[str, Any]) -> Iterator[Row]:
    """What the picture shows: each run's gap by its certainty, and where natural tasks lie."""
    for model, of in found.items():
        for run in of["runs"]:
            if "gap" in run and "certainty" in run:
                what = "nothing to find" if run["twin"] else "private answers"
                ends = {key: run.get(key) for key in ("gap", "gap_low", "gap_high")}
                yield {"model": model, "what": what, "certainty": run["certainty"], **ends}
        for task, sure in of.get("natural", {}).items():
            yield {"model": model, "what": "natural task", "certainty": sure, "task": task}
