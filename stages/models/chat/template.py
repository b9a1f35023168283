"""A chat template: Jinja in the sandbox of transformers, with the date pinned.

Run as a program, it is the other end of guarded.py: a template and then conversations come in on
standard input, a line each, and texts go out. It has no import of the project, so that it starts
fast, and it limits itself before it reads the template.
"""

import json
import resource
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

SECONDS = 2  # of processor time for all that is tried: a sound template needs milliseconds
MEMORY = 2 << 30  # bytes of address space: three times what the libraries take
LONGEST = 100_000  # characters of a short conversation; a template for tools says some thousands


class Template:
    """A template of one tokenizer on one day."""

    def __init__(self, text: str, special_tokens: Mapping[str, str], day: str) -> None:
        """`special_tokens` are the tokenizer's by name (bos_token ...), `day` is YYYY-MM-DD."""
        # Private, as its public callers make a text of every function that they are given, so
        # that none could pin the date.
        from transformers.utils.chat_template_utils import _compile_jinja_template

        pinned = date.fromisoformat(day)
        self.compiled: Any = _compile_jinja_template(text)
        self.told = {
            **special_tokens,
            "strftime_now": pinned.strftime,
            "date_string": pinned.strftime("%d %b %Y"),
        }
        if chance := [word for word in ("random", "lipsum") if word in self._words(text)]:
            raise ValueError(f"it draws by chance ({chance[0]}), so no prompt would be the same")

    def _words(self, text: str) -> set[str]:
        """The names and filters that the template uses."""
        from jinja2.nodes import Filter, Name

        tree = self.compiled.environment.parse(text)
        return {node.name for kind in (Filter, Name) for node in tree.find_all(kind)}

    def render(self, messages: Sequence[Mapping[str, str]], **how: Any) -> str:
        """The messages as one text; raises whatever the template does."""
        copies = [dict(message) for message in messages]
        return str(self.compiled.render(messages=copies, **self.told, **how))


def _limit() -> None:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(spent.ru_utime + spent.ru_stime) + SECONDS
    for what, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, MEMORY)):
        with suppress(ValueError, OSError):  # macOS knows no limit of the second kind
            resource.setrlimit(what, (most, most))


def _serve() -> None:
    from transformers.utils import chat_template_utils  # noqa: F401  before the limits

    _limit()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    template = None
    for line in sys.stdin:
        try:
            told = json.loads(line)
            if template is None:
                template = Template(**told)
                text = ""
            else:
                text = template.render(told.pop("messages"), **told)
            if len(text) > LONGEST:
                raise ValueError(f"it makes {len(text):,} characters of a short conversation")
            answer = {"text": text}
        except MemoryError:
            answer = {"error": f"it takes more than {MEMORY >> 30} GiB"}
        except Exception as error:  # jinja's errors, and whatever the template raises
            answer = {"error": one_line(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def one_line(error: Exception) -> str:
    """What went wrong, in one line of bounded length."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}"[:300]


if __name__ == "__main__":
    _serve()
