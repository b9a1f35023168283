"""A template that was never tried, rendered in a process of its own with limits on time and memory.

The sandbox keeps a template from files and programs; it does not keep it from running forever or
from taking all memory.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from stages.models.chat import template
from stages.storage.errors import StudyError

WALL = 120  # seconds, where a busy machine gives the process hardly any of its processor time


class Guarded:
    """As `Template`, a context manager; raises StudyError for what cannot be rendered."""

    def __init__(self, text: str, special_tokens: Mapping[str, str], day: str) -> None:
        self.told = {"text": text, "special_tokens": dict(special_tokens), "day": day}

    def __enter__(self) -> "Guarded":
        self.process = subprocess.Popen(
            [sys.executable, "-I", template.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            text=True,
        )
        self.timer = threading.Timer(WALL, self.process.kill)
        try:
            self._wait()
            self.timer.start()
            self._ask(self.told)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        self.process.kill()
        self.process.communicate()

    def render(self, messages: Sequence[Mapping[str, str]], **how: Any) -> str:
        """The messages as one text."""
        return self._ask({"messages": list(messages), **how})

    def _wait(self) -> None:
        """Until the process has imported what it needs, which on a busy machine takes long."""
        assert self.process.stdout
        if not self.process.stdout.readline():
            raise StudyError("chat_template: the process that tries it could not start")

    def _ask(self, told: Mapping[str, Any]) -> str:
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps(told) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise StudyError(
                f"chat_template: it takes more than {template.SECONDS} seconds or "
                f"{template.MEMORY >> 30} GiB to render a short conversation"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise StudyError(f"chat_template: {answer['error']}")
        return str(answer["text"])
