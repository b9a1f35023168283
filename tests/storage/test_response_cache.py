"""The cache keeps what was finished, once, and never half a batch, with the parts of its keys."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from stages.storage.keys import Parts
from stages.storage.response_cache import HOUR, AnswerKey, ResponseCache

WRITER = """
    import sys
    from pathlib import Path
    from stages.storage.response_cache import AnswerKey, ResponseCache
    with ResponseCache(Path(sys.argv[1])) as cache:
        for batch in range(100000):
            keys = [AnswerKey("one", [batch, n], {"weights": batch}, {"n": n}) for n in range(8)]
            cache.put((key, {"text": "x" * 50}) for key in keys)
            print(batch, flush=True)
"""


def key(n: int, question: Sequence[Any] = ("a", 0), shared: Parts | None = None) -> AnswerKey:
    return AnswerKey("one", question, shared or {"weights": "w"}, {"n": n})


def test_an_answer_is_kept_and_the_first_one_stays(tmp_path):
    one, two, three = key(1), key(2), key(3)
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        cache.put([(one, {"text": "one"})])
        cache.put([(one, {"text": "two"}), (two, {"text": "three"})])
        found = cache.get([one, two, three])
    assert found == {one.content: {"text": "one"}, two.content: {"text": "three"}}


def test_names_are_no_part_of_a_key(tmp_path):
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        cache.put([(key(1), {"text": "one"})])
        renamed = AnswerKey("two", ("b", 7), key(1).shared, key(1).own)
        assert cache.get([renamed]) == {key(1).content: {"text": "one"}}


def test_the_parts_are_kept_and_those_of_a_subject_once(tmp_path):
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        cache.put([(key(n), {"text": "x"}) for n in range(3)])
        cache.put([(key(3, shared={"weights": "v"}), {"text": "x"}), (key(4, ("b",)), {})])
        kept = [dict(entry.parts) for entry in cache.like(key(9))]
        count = "SELECT COUNT(*) FROM subjects"
        subjects = cache.database.run(lambda connection: connection.execute(count).fetchone())
    assert sorted(kept, key=lambda parts: parts["n"]) == [
        *({"weights": "w", "n": n} for n in range(3)),
        {"weights": "v", "n": 3},
    ]
    assert subjects == (2,)


def test_the_last_use_is_kept_to_the_hour(tmp_path):
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        cache.put([(key(1), {}), (key(2), {})])

        def execute(statement: str, *values: Any) -> Any:
            return cache.database.run(lambda c: c.execute(statement, values).fetchone())

        def used(n: int) -> int:
            return execute("SELECT used FROM answers WHERE key = ?", key(n).content)[0]

        now = used(1)
        for n, age in ((1, HOUR // 2), (2, 2 * HOUR)):
            execute("UPDATE answers SET used = ? WHERE key = ?", now - age, key(n).content)
        cache.get([key(1), key(2)])
        assert used(1) == now - HOUR // 2 and used(2) >= now


def test_a_batch_with_an_error_is_not_kept_at_all(tmp_path):
    with ResponseCache(tmp_path / "c.sqlite") as cache:

        def answers():
            yield key(1), {"text": "one"}
            raise RuntimeError

        try:
            cache.put(answers())
        except RuntimeError:
            assert cache.get([key(1)]) == {} and cache.like(key(1)) == []


def test_sigkill_loses_no_finished_batch_and_keeps_no_half_one(tmp_path):
    path = tmp_path / "c.sqlite"
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    finished = [int(writer.stdout.readline()) for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    finished += [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    with ResponseCache(path) as cache:
        for batch in range(max(finished) + 2):
            keys = [AnswerKey("", [], {"weights": batch}, {"n": n}) for n in range(8)]
            found = cache.get(keys)
            assert len(found) == 8 or (batch > max(finished) and not found)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
