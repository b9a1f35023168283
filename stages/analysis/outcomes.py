"""What a reader looks at of the outcomes of an experiment."""

from bisect import insort
from collections.abc import Iterable

from stages.storage.tables import Row

ROWS_PER_CONDITION = 2
MESSAGES = 8  # of a longer conversation the first two and the last are shown
ARM = ("target", "condition", "kind", "predictor")
SHOWN = ("property", "raw_answer", "answer", "truth", "other_truth", "correct")


def sample_rows(rows: Iterable[Row]) -> list[Row]:
    """The first rows by input_id, a hash, of each arm and condition; no other row is kept."""
    first: dict[tuple[str, ...], list[tuple[tuple[str, str, int], Row]]] = {}
    for number, row in enumerate(rows):
        kept = first.setdefault(tuple(row[name] for name in ARM), [])
        insort(kept, ((row["input_id"], row["property"], number), row), key=lambda pair: pair[0])
        del kept[ROWS_PER_CONDITION:]
    chosen = sorted((pair for kept in first.values() for pair in kept), key=lambda pair: pair[0])
    return sorted(
        (_shown(row) for _, row in chosen),
        key=lambda row: (row["target"], row["condition"], row["kind"]),
    )


def _shown(row: Row) -> Row:
    asked = [message["content"] for message in row["question"] or []]
    if len(asked) > MESSAGES:
        asked = [*asked[:2], f"... {len(asked) - 3} more messages ...", asked[-1]]
    about = {name: row[name] for name in ARM}
    return about | {"question": "\n".join(asked)} | {name: row[name] for name in SHOWN}
