"""A command that answers each JSON line of standard input with one JSON line."""

import json
import sys
from collections.abc import Callable
from typing import Any


def answer_lines(answer: Callable[[dict], Any]) -> int:
    """Print `answer` of each object on standard input; returns the exit status.

    A line that is no JSON object, or lacks a key, ends the command with status 2 and is named.
    """
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            found = json.loads(line.decode("utf-8-sig"))
            if not isinstance(found, dict):
                raise ValueError(f"{found!r} is no JSON object")
            print(json.dumps(answer(found), ensure_ascii=False))
        except KeyError as error:
            print(f"standard input, line {number}: key {error} is missing", file=sys.stderr)
            return 2
        except (ValueError, RecursionError) as error:
            print(f"standard input, line {number}: {error}", file=sys.stderr)
            return 2
    return 0
