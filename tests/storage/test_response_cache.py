"""The cache keeps what was finished, once, and never half a batch."""

import os
import signal
import subprocess
import sys
import textwrap

from stages.storage.response_cache import ResponseCache, content_key

WRITER = """
    import sys
    from pathlib import Path
    from stages.storage.response_cache import ResponseCache
    with ResponseCache(Path(sys.argv[1])) as cache:
        for batch in range(100000):
            cache.put({f"{batch}-{n}": {"text": "x" * 50} for n in range(8)})
            print(batch, flush=True)
"""


def test_an_answer_is_kept_and_the_first_one_stays(tmp_path):
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        cache.put({"k": {"text": "one"}})
        cache.put({"k": {"text": "two"}, "l": {"text": "three"}})
        assert cache.get(["k", "l", "m"]) == {"k": {"text": "one"}, "l": {"text": "three"}}


def test_keys_differ_with_every_part():
    parts = ["fingerprint", "prompt", 16, 0.0, 7, ["\n"]]
    keys = {content_key(*parts)}
    for n in range(len(parts)):
        keys.add(content_key(*[f"{p}!" if i == n else p for i, p in enumerate(parts)]))
    assert len(keys) == len(parts) + 1


def test_sigkill_loses_no_finished_batch_and_keeps_no_half_one(tmp_path):
    path = tmp_path / "c.sqlite"
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    finished = [int(writer.stdout.readline()) for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    finished += [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    with ResponseCache(path) as cache:
        for batch in range(max(finished) + 2):
            found = cache.get(f"{batch}-{n}" for n in range(8))
            assert len(found) == 8 or (batch > max(finished) and not found)
