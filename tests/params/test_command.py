"""A command shows what rooms log once, and says what a user can mend in one line."""

import json
import logging

import click
import pytest
from click.testing import CliRunner

from stages.params import command
from stages.storage.errors import StudyError, plain

log = logging.getLogger("stages.some_room")


@command
def inner() -> None:
    log.info("a batch is done")
    log.debug("not for a user")


@command
def outer() -> None:
    inner.main([], standalone_mode=False)
    click.echo("both")


@command
@click.argument("said")
def saying(said: str) -> None:
    log.info(said)
    raise StudyError(f"a.jsonl: line 3: {said}")


@command
def failing() -> None:
    raise StudyError("data/x.parquet: no such table")


def test_a_log_line_is_shown_once_where_a_command_runs_another():
    done = CliRunner().invoke(outer, [])
    assert (done.exit_code, done.stderr, done.stdout) == (0, "a batch is done\n", "both\n")
    assert CliRunner().invoke(inner, []).stderr == "a batch is done\n"


def test_an_error_of_the_study_is_the_last_line_and_no_traceback():
    done = CliRunner().invoke(failing, [])
    assert (done.exit_code, done.output) == (1, "Error: data/x.parquet: no such table\n")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[2J\x1b]0;owned\x07", "\\u001b[2J\\u001b]0;owned\\u0007"),
        ("\x9b31m\x7f\r\b", "\\u009b31m\\u007f\\u000d\\u0008"),
        ("a\u202eb\u2066c\u200fd", "a\\u202eb\\u2066c\\u200fd"),
        ("grüße, 你好, 🦒, e\u0301", "grüße, 你好, 🦒, e\u0301"),
    ],
)
def test_nothing_that_acts_on_a_terminal_is_said_to_one(said, shown):
    done = CliRunner().invoke(saying, [said])
    assert done.output == f"{shown}\nError: a.jsonl: line 3: {shown}\n"
    assert CliRunner().invoke(failing, [said]).stderr.endswith(f"({shown})\n")
    if shown != said:
        assert json.loads(f'"{plain(said)}"') == said


def test_half_a_pair_is_shown_by_its_number():
    shown = plain("\ud800 \U000e0041")
    assert shown == "\\ud800 \\udb40\\udc41"
    assert json.loads(f'"{shown}"') == "\ud800 \U000e0041"


@command
def mistaken() -> None:
    raise KeyError("a\x1b[2J")


def test_a_mistake_of_ours_is_a_line_that_says_how_to_see_more(monkeypatch):
    done = CliRunner().invoke(mistaken, [])
    assert done.exit_code == 1
    assert done.output.startswith("Error: unexpected KeyError at stages/params/command.py, line ")
    assert "SELFPREDICT_DEBUG=1" in done.output and "\x1b" not in done.output
    assert done.output.count("\n") == 1 and "Traceback" not in done.output


@pytest.mark.parametrize("wrong", [mistaken, failing])
def test_where_an_error_comes_from_is_shown_to_who_asks(monkeypatch, wrong):
    monkeypatch.setenv("SELFPREDICT_DEBUG", "1")
    done = CliRunner().invoke(wrong, [])
    assert done.exit_code == 1
    assert "Traceback" in done.output and "test_command.py" in done.output
    assert done.output.splitlines()[-1].startswith("Error: ")


def test_the_help_is_the_docstring_of_the_module():
    assert "A command shows what rooms log once" in CliRunner().invoke(outer, ["--help"]).output
