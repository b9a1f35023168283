"""One JSON line of answer for each JSON line that is asked."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from stages.storage.errors import StudyError


def answered(lines: Iterable[bytes], answer: Callable[[dict[str, Any]], Any]) -> Iterator[str]:
    """`answer` of the object on each line, as JSON.

    Raises StudyError, which names the line, where it is no JSON object or lacks a key.
    """
    for number, line in enumerate(lines, start=1):
        try:
            found = json.loads(line.decode("utf-8-sig"))
            if not isinstance(found, dict):
                raise ValueError(f"{found!r} is no JSON object")
            yield json.dumps(answer(found), ensure_ascii=False)
        except KeyError as error:
            raise StudyError(f"standard input, line {number}: key {error} is missing") from error
        except (ValueError, RecursionError) as error:
            raise StudyError(f"standard input, line {number}: {error}") from error
