"""How long a run will take, from the last one and from what it does itself."""

import json
import os
from io import BytesIO
from tempfile import TemporaryFile

import pytest

from stages.terminal.ending import verdict
from stages.terminal.events import event
from stages.terminal.plainly import copy_plainly
from stages.terminal.progress import Progress, duration
from stages.terminal.times import keep_times, last_times

CELLS = [("ask@a", []), ("ask@b", []), ("train@a", ["ask@a"]), ("report", ["train@a", "ask@b"])]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Run:
    """A run whose cells take the seconds that a test says."""

    def __init__(self, known: dict[str, float], stale: tuple[str, ...]) -> None:
        self.clock = Clock()
        self.progress = Progress(known, self.clock)
        plan = [{"cell": c, "needs": needs, "stale": c in stale} for c, needs in CELLS]
        assert self.progress.hear({"plan": plan}) is None

    def cell(self, name: str, seconds: float, how: str = "ran") -> str | None:
        assert self.progress.hear({"begins": name}) is None
        self.clock.now += seconds
        return self.progress.hear({"ends": name, "how": how})


ALL = tuple(name for name, _ in CELLS)
LAST = {"ask@a": 60.0, "ask@b": 60.0, "train@a": 600.0, "report": 30.0}


def test_each_cell_has_a_line_with_its_time_and_what_is_left():
    run = Run(LAST, ALL)
    assert run.cell("ask@a", 60) == "1/4 ask@a: 1 min 00 s; about 11 min 30 s left"
    assert run.cell("ask@b", 60) == "2/4 ask@b: 1 min 00 s; about 10 min 30 s left"
    assert run.cell("train@a", 600) == "3/4 train@a: 10 min 00 s; about 30 s left"
    assert run.cell("report", 30) == "4/4 report: 30 s; nothing left to run"
    assert run.progress.took == LAST
    assert run.progress.summary() == "4 cells: 4 ran; 12 min 30 s in all"


def test_where_two_run_at_once_half_the_time_is_left_but_no_less_than_what_waits_in_line():
    run = Run(LAST, ALL)
    run.progress.jobs = 2
    run.progress.hear({"begins": "ask@b"})
    assert run.cell("ask@a", 60) == "1/4 ask@a: 1 min 00 s; about 10 min 30 s left"
    run.progress.known |= {"ask@b": 1000.0}
    assert run.progress.left() == (1030.0, 0)


def test_what_is_up_to_date_has_no_line_and_no_time():
    run = Run(LAST, ("report",))
    assert run.cell("ask@a", 1, "kept") is None
    assert run.cell("ask@b", 1, "kept") is None
    assert run.cell("train@a", 1, "kept") is None
    assert run.cell("report", 30) == "4/4 report: 30 s; nothing left to run"
    assert run.progress.took == {"report": 30}
    assert run.progress.summary().startswith("4 cells: 1 ran, 3 were up to date; ")


def test_what_needs_a_cell_that_ran_is_expected_to_run_too():
    run = Run(LAST, ())
    assert run.progress.left() == (0, 0)
    assert run.cell("ask@a", 60) == "1/4 ask@a: 1 min 00 s; about 10 min 30 s left"


def test_another_size_or_machine_is_seen_by_what_cells_take():
    run = Run({"ask@a": 100.0, "ask@b": 100.0, "train@a": 700.0, "report": 100.0}, ALL)
    run.cell("ask@a", 10)
    run.cell("ask@b", 10)
    seconds, _ = run.progress.left()
    assert seconds == pytest.approx(800 * (20 + 100) / (200 + 100))
    run.cell("train@a", 70)
    seconds, _ = run.progress.left()
    assert seconds == pytest.approx(100 * (90 + 100) / (900 + 100))


def test_a_cell_that_never_ran_takes_what_others_of_its_stage_do():
    run = Run({"ask@z": 40.0}, ALL)
    assert run.progress.left() == (80, 2)
    line = run.cell("ask@a", 40)
    assert line is not None
    assert line.endswith("about 40 s left, and 2 cells whose time is not known yet")
    run.cell("ask@b", 40)
    line = run.cell("train@a", 9)
    assert line == "3/4 train@a: 9 s; 1 cell to go, whose time is not known yet"


def test_what_failed_or_was_restored_gives_no_time():
    run = Run({}, ALL)
    assert run.cell("ask@a", 5, "restored") is not None
    assert run.cell("ask@b", 5, "failed") == "2/4 ask@b: failed after 5 s"
    assert run.progress.took == {}


@pytest.mark.parametrize("line", ["", "{", "3", '{"ends": "nobody", "how": "ran"}'])
def test_an_event_that_is_none_says_nothing(line):
    run = Run(LAST, ALL)
    assert run.progress.hear(event(line)) is None


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3599.7, "1 h 00 min"),
    ],
)
def test_times_are_short(seconds, shown):
    assert duration(seconds) == shown


def test_times_are_kept_with_those_of_other_cells(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))
    assert last_times() == {}
    keep_times({"a": 1.26})
    keep_times({"b": 2})
    assert last_times() == {"a": 1.3, "b": 2}


@pytest.mark.parametrize("text", ["", "[1]", '{"a": NaN, "b": "x", "c": -1, "d": 2}', "[" * 9999])
def test_times_that_cannot_be_read_are_none(tmp_path, monkeypatch, text):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))
    (tmp_path / "times.json").write_text(text)
    assert last_times() in ({}, {"d": 2})
    keep_times({"a": 1})
    assert json.loads((tmp_path / "times.json").read_text())["a"] == 1


def logged(*pieces: bytes, times: tuple[float, ...] = ()) -> bytes:
    log, ticks = BytesIO(), iter(times)
    with TemporaryFile() as written:
        written.write(b"".join(pieces))
        written.seek(0)
        copy_plainly(os.dup(written.fileno()), log, lambda: next(ticks, 0.0))
    return log.getvalue()


def test_of_a_progress_bar_a_log_has_a_state_now_and_then_and_the_last():
    bar = b"before\n\rat 0\rat 10\rat 50\rat 100\nafter\n"
    assert logged(bar) == b"before\nat 0\nat 100\nafter\n"
    # the clock is looked at for a state, and once more where it is shown
    assert logged(bar, times=(0, 0, 30, 61, 61)) == b"before\nat 0\nat 50\nat 100\nafter\n"


def test_other_lines_go_into_a_log_as_they_are():
    assert logged(b"\xff\x1b[2J\r\n\n", b"no end") == b"\xff\x1b[2J\n\nno end"
    assert logged(b"x" * 200_000) == b"x" * 200_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# What\n\n**No. 3 is ahead.** It is 0.1 (-0.2 to\n0.4). More.\n\nRest.", 2),
        ("# What\n\n**Only this.**\n", 1),
        ("", 1),
    ],
)
def test_a_verdict_is_the_first_two_sentences(text, said):
    assert len(verdict(text)) == said
    assert "*" not in "".join(verdict(text))
    if said == 2:
        assert verdict(text)[0] == "No. 3 is ahead."
