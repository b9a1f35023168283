"""How long each cell took the last time: times.json in the folder of the caches."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress

from stages.storage.errors import StudyError
from stages.storage.files import write_json
from stages.storage.response_cache import cache_folder

FILE = "times.json"


def last_times() -> dict[str, float]:
    """Seconds by cell; none where nothing is kept, or nothing that can be read."""
    try:
        found = json.loads((cache_folder() / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, StudyError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {cell: float(took) for cell, took in found.items() if _is_time(took)}


def keep_times(times: Mapping[str, float]) -> None:
    """Keep these beside those of other cells. A cache that cannot be written keeps none."""
    if times:
        rounded = {cell: round(took, 1) for cell, took in times.items()}
        with suppress(OSError, StudyError):
            write_json(cache_folder() / FILE, last_times() | rounded)


def _is_time(took: object) -> bool:
    return isinstance(took, int | float) and math.isfinite(took) and took >= 0
