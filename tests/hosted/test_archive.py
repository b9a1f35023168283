"""A second machine pays nothing: what was paid for goes into a file and comes out of it, or not."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages.models.hosted.archive import ANSWERS, FORM, FORMAT, Counts, export
from stages.models.hosted.archived import take_in
from stages.models.hosted.errands.journal import DONE
from stages.models.hosted.teach.journal import journal_of
from stages.storage.errors import StudyError
from stages.storage.files import write_json
from stages.storage.kept_folders import is_whole, kept_folder, made_once
from stages.storage.keys import content_key
from stages.storage.response_cache import AnswerKey, ResponseCache
from tests.hosted.asked import DRAWN, answers, hosted, questions, serving

PARTS = {"backend": "openai_jobs", "model": "toy", "host": "127.0.0.1/v1", "data": "rows"}
Machine = Callable[[str], Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Makes the cache of a machine the one that is used."""

    def use(name: str) -> Path:
        monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / name))
        (tmp_path / name).mkdir(exist_ok=True)
        return tmp_path / name

    use("first")
    return use


def local_answer() -> None:
    with ResponseCache() as cache:
        key = AnswerKey("smollm2", ("i0", 0), {"weights": "w"}, {"prompt": "p"})
        cache.put([(key, {"text": "here"})])


def training() -> Path:
    def write(folder: Path) -> None:
        write_json(folder / "model.json", {"backend": "openai", "model": "toy-taught"})

    with journal_of(PARTS) as journal:
        journal.note(DONE, job="job-1", result={"model": "toy-taught", "trained_tokens": 9})
    return made_once(kept_folder("adapters", "toy", PARTS), write)


def test_a_second_machine_sends_nothing_for_what_the_first_paid(machine, tmp_path):
    file = tmp_path / "paid.tar.gz"
    with serving() as (server, chat):
        first = answers(hosted(server), questions(5, 2), machine("first"), DRAWN)
        local_answer()
        made = training()
        assert export(file) == Counts(10, 1, 1)
        sent, second = len(chat.answered), machine("second")
        assert take_in(file) == (Counts(10, 1, 1), Counts())
        assert answers(hosted(server), questions(5, 2), second, DRAWN) == first
        assert len(chat.answered) == sent
    there = second / made.relative_to(tmp_path / "first")
    assert (
        is_whole(there)
        and (there / "model.json").read_bytes() == (made / "model.json").read_bytes()
    )
    with journal_of(PARTS) as journal:
        assert (journal.step, journal.state["job"]) == (DONE, "job-1")
    assert take_in(file) == (Counts(), Counts())


def test_what_is_here_in_another_form_stays_and_is_counted(machine, tmp_path):
    file = tmp_path / "paid.tar.gz"
    with serving() as (server, _):
        answers(hosted(server), questions(1), machine("first"))
        training()
        export(file)
        second = machine("second")
        with serving() as (other, _):
            model = hosted(server)
            asked = answers(model, questions(1), second)
            assert other.url != server.url
        with ResponseCache() as cache:
            cache.database.run(lambda c: c.execute("UPDATE answers SET value = '{}', sha256 = ''"))
        assert take_in(file)[0].answers == 1, "one that is damaged is none"
        with ResponseCache() as cache:
            value = {"text": "other"}
            rows = cache.database.run(lambda c: c.execute("SELECT key FROM answers").fetchall())
            cache.database.run(lambda c: c.execute("DELETE FROM answers"))
            place = model_key(model)
            assert [(place.content,)] == rows
            cache.put([(place, value)])
        with journal_of(PARTS) as journal:
            journal.note("running", job="job-2")
        assert take_in(file) == (Counts(), Counts(1, 0, 1))
        with ResponseCache() as cache:
            assert cache.get([place])[place.content] == value
    assert asked


def model_key(model: Any) -> AnswerKey:
    from stages.models.hosted.ask.orders import placed
    from tests.hosted.asked import GREEDY

    return placed(model, questions(1), GREEDY)[0].key


def test_only_what_was_paid_for_is_exported_without_a_path_of_this_machine(machine, tmp_path):
    local_answer()
    with pytest.raises(StudyError, match="holds nothing of a hosted model"):
        export(tmp_path / "none.tar.gz")
    assert not (tmp_path / "none.tar.gz").exists()
    training()
    export(tmp_path / "paid.tar.gz")
    assert str(tmp_path).encode() not in gzip.decompress((tmp_path / "paid.tar.gz").read_bytes())


def archive(path: Path, members: dict[str, Any], *extra: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as made:
        for name, value in members.items():
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            about = tarfile.TarInfo(name)
            about.size = len(data)
            made.addfile(about, io.BytesIO(data))
        for about in extra:
            made.addfile(about)
    return path


def link(name: str) -> tarfile.TarInfo:
    about = tarfile.TarInfo(name)
    about.type, about.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return about


KEY = content_key(PARTS)
ABOUT = {"subject": "toy", "parts": PARTS}
ANSWER = {
    "subject": "toy",
    "question": ["i0", 0],
    "shared": {"backend": "openai"},
    "own": {},
    "value": {"text": "x", "finish_reason": "stop", "tokens": None, "top": None, "meter": {}},
}


@pytest.mark.parametrize(
    ("members", "extra", "says"),
    [
        ({"../evil.json": {}}, (), "'../evil.json' has no place"),
        ({"/tmp/evil.json": {}}, (), "has no place"),
        ({f"adapters/{KEY}/../../evil.json": {}}, (), "has no place"),
        ({"answers.sqlite": b""}, (), "has no place"),
        ({}, (link(f"jobs/{KEY}.json"),), "has no place"),
        ({FORM: {"format": 2}}, (), "does not say that it is an archive of ours"),
        ({f"jobs/{'0' * 64}.json": {"step": "done", "at": PARTS}}, (), "is not what its name says"),
        ({f"adapters/{KEY}/model.json": {}}, (), f"its adapters/{KEY}.json is missing"),
        ({f"jobs/{KEY}.json": b"{"}, (), "Expecting property name"),
        ({ANSWERS: b'{"subject": 1}\n'}, (), "answers.jsonl: line 1: is no answer"),
        (
            {ANSWERS: json.dumps(ANSWER | {"value": {"text": "x"}}).encode()},
            (),
            "line 1: is no answer",
        ),
        ({ANSWERS: json.dumps(ANSWER).encode() + b"\n[]\n"}, (), "line 2: is no mapping"),
    ],
)
def test_of_what_is_no_archive_of_ours_nothing_is_kept(machine, tmp_path, members, extra, says):
    whole = {FORM: FORMAT, ANSWERS: b"", f"adapters/{KEY}.json": ABOUT}
    whole = whole if f"adapters/{KEY}/model.json" not in members else {FORM: FORMAT, ANSWERS: b""}
    file = archive(tmp_path / "bad.tar.gz", whole | members, *extra)
    second = machine("second")
    with pytest.raises(StudyError, match="cannot be taken in: ") as refused:
        take_in(file)
    assert says in str(refused.value) and "\n" not in str(refused.value)
    assert not list(second.rglob("*.json")) and not list(tmp_path.glob("evil*"))
    assert not (second / "answers.sqlite").exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_of_a_file_that_is_cut_nothing_is_kept(machine, tmp_path, share):
    training()
    file = tmp_path / "paid.tar.gz"
    export(file)
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    second = machine("second")
    with pytest.raises(StudyError, match="cannot be taken in"):
        take_in(file)
    assert not list(second.rglob("*.json"))
