"""What is taken from the cache is what was asked for, whole, and nothing that is being written."""

import os
import shutil
import time
from pathlib import Path

import pytest

from stages.storage import files
from stages.storage.files import atomic_folder
from stages.storage.inventory import Bundle, bundles
from stages.storage.kept_folders import kept_folder
from stages.storage.pruning import beyond, outdated, prune, used_before
from stages.storage.response_cache import AnswerKey, ResponseCache

DAY = 86_400
NOW = {"source": "today", "versions": {"torch": "2"}}
TODAY = {
    "answers": {**NOW, "cut_source": "cuts"},
    "adapters": NOW,
    "checkpoints": NOW,
    "organisms": NOW,
}


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def answer(
    n: int, subject: str = "one", age: int = 0, source: str = "today", cut=None
) -> AnswerKey:
    """Keep an answer that was last used some days ago."""
    shared = {"source": source, "versions": {"torch": "2"}}
    key = AnswerKey(subject, ("input", n), shared, {"n": n, "cut_source": cut})
    with ResponseCache() as kept:
        kept.put([(key, {"text": "x" * 100})])
        used = int(time.time()) - age * DAY
        change = "UPDATE answers SET used = ? WHERE key = ?"
        kept.database.run(lambda connection: connection.execute(change, (used, key.content)))
    return key


def adapter(name: str, age: int = 0, source: str = "today", size: int = 1000) -> Path:
    parts = {"rows": name, "source": source, "versions": {"torch": "2"}}
    folder = kept_folder("adapters", name, parts)
    with atomic_folder(folder) as partial:
        (partial / "weights").write_bytes(b"x" * size)
    used = time.time() - age * DAY
    os.utime(folder.with_name(f"{folder.name}.json"), (used, used))
    return folder


def said(found: list[Bundle]) -> list[tuple[str, str, int]]:
    return sorted((bundle.kind, bundle.subject, bundle.entries) for bundle in found)


def test_the_inventory_counts_entries_by_subject(cache):
    for n in range(3):
        answer(n)
    answer(9, subject="two")
    folder = adapter("three", size=5000)
    found = list(bundles(cache))
    assert said(found) == [("adapters", "three", 1), ("answers", "one", 3), ("answers", "two", 1)]
    assert next(b.size for b in found if b.folder == folder) == 5000
    assert all(200 < b.size / b.entries < 400 for b in found if b.kind == "answers")


def test_a_cache_that_is_not_there_yet_holds_nothing(tmp_path):
    assert list(bundles(tmp_path)) == []


def test_what_was_long_not_used_goes_and_the_rest_stays(cache):
    new, old = answer(1), answer(2, age=40)
    kept, gone = adapter("kept", age=1), adapter("gone", age=40)
    going = used_before(list(bundles(cache)), time.time() - 30 * DAY)
    assert said(prune(cache, going)) == [("adapters", "gone", 1), ("answers", "one", 1)]
    assert kept.is_dir() and not gone.exists()
    assert not gone.with_name(f"{gone.name}.json").exists()
    with ResponseCache() as answers:
        assert list(answers.get([new, old])) == [new.content]
    assert said(list(bundles(cache))) == [("adapters", "kept", 1), ("answers", "one", 1)]


def test_the_longest_unused_goes_until_the_rest_is_small_enough(cache):
    for name, age in (("a", 3), ("b", 2), ("c", 1)):
        adapter(name, age=age, size=1000)
    found = list(bundles(cache))
    assert [b.subject for b in beyond(found, 2500)] == ["a"]
    assert [b.subject for b in beyond(found, 2000)] == ["a"]
    assert [b.subject for b in beyond(found, 1999)] == ["a", "b"]
    assert beyond(found, 3000) == []
    assert len(beyond(found, 0)) == 3


def test_what_other_code_made_is_old(cache):
    answer(1), answer(2, source="yesterday"), answer(3, cut="cuts"), answer(4, cut="otherwise")
    adapter("new"), adapter("old", source="yesterday")
    old = outdated(list(bundles(cache)), TODAY)
    assert said(old) == [("adapters", "old", 1), ("answers", "one", 1), ("answers", "one", 1)]
    newer = {kind: {**parts, "versions": {"torch": "3"}} for kind, parts in TODAY.items()}
    assert len(outdated(list(bundles(cache)), newer)) == len(list(bundles(cache)))
    prune(cache, old)
    with ResponseCache() as answers:
        counts = "SELECT COUNT(*), COUNT(DISTINCT subjects.id) FROM answers, subjects"
        left = answers.database.run(lambda connection: connection.execute(counts).fetchone())
    assert left == (2, 1)


def test_the_space_is_given_back(cache):
    with ResponseCache() as answers:
        answers.put(
            (AnswerKey("one", (n,), {}, {"n": n}), {"text": "x" * 1000}) for n in range(500)
        )
    before = (cache / "answers.sqlite").stat().st_size
    prune(cache, list(bundles(cache)))
    assert (cache / "answers.sqlite").stat().st_size < before / 10


def test_a_folder_that_is_being_written_stays(cache):
    folder = adapter("busy")
    checkpoint = kept_folder("checkpoints", "busy", {"rows": "busy", **NOW})
    assert checkpoint.name == folder.name
    checkpoint.mkdir()
    found = list(bundles(cache))
    with atomic_folder(folder):  # as a training does, to its end
        assert prune(cache, found) == []
    assert folder.is_dir() and checkpoint.is_dir()
    assert len(prune(cache, found)) == 2 and not folder.exists() and not checkpoint.exists()


def test_what_a_killed_prune_left_is_no_entry_and_goes_with_the_next(cache, monkeypatch):
    folder = adapter("one")
    kept = adapter("two")

    def killed(path: Path) -> None:
        if path.is_dir():
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "_remove", killed)
    with pytest.raises(KeyboardInterrupt):
        prune(cache, [b for b in bundles(cache) if b.folder == folder])
    monkeypatch.undo()
    monkeypatch.setenv("SELFPREDICT_CACHE", str(cache))
    assert not folder.exists() and folder.with_name(f".{folder.name}.gone").is_dir()
    assert sum(b.entries for b in bundles(cache)) == 1
    prune(cache, [b for b in bundles(cache) if b.entries == 0])
    assert sorted(path.name for path in folder.parent.iterdir()) == sorted(
        [kept.name, f"{kept.name}.json"]
    )


def test_what_killed_runs_left_goes_but_not_what_is_being_written(cache):
    folder = adapter("one")
    for name in (".a.partial", ".b.gone"):
        (folder.parent / name).mkdir()
    for path in (folder.parent / ".c.lock", cache / ".answers.sqlite.lock"):
        path.touch()
    with atomic_folder(folder.parent / "d"):
        prune(cache, [])
        hidden = sorted(path.name for path in cache.rglob(".*"))
    assert hidden == [".d.lock", ".d.partial"]


def test_folders_of_an_earlier_version_are_old(cache):
    folder = adapter("one")
    folder.with_name(f"{folder.name}.json").unlink()
    assert said(outdated(list(bundles(cache)), TODAY)) == [("adapters", "(an earlier version)", 1)]
    shutil.rmtree(folder)
    assert list(bundles(cache)) == []
