"""Numbers as metrics files have them: four decimals, and nothing that has no value."""

from typing import Any

from stages.analysis.intervals import Estimate

DECIMALS = 4
SHOWN = ("estimate", "ci_low", "ci_high", "method", "inputs", "rows", "discordant", "p_value")


def rounded(value: Any) -> Any:
    """The same nested value with floats rounded and without keys that have no value."""
    if isinstance(value, Estimate):
        return rounded(value._asdict())
    if isinstance(value, dict):
        items = {key: rounded(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not None and item != {}}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, DECIMALS) + 0.0 if isinstance(value, float) else value


def shown(found: Estimate) -> dict[str, Any]:
    """An estimate for the metrics of an experiment: all but what is there to compare."""
    columns = found._asdict()
    return rounded({name: columns[name] for name in (*SHOWN, "p_permutation", "detectable")})
