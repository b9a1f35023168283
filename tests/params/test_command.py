"""A command shows what rooms log once, and says what a user can mend in one line."""

import logging

import click
from click.testing import CliRunner

from stages.params import command
from stages.storage.errors import StudyError

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
def failing() -> None:
    raise StudyError("data/x.parquet: no such table")


def test_a_log_line_is_shown_once_where_a_command_runs_another():
    done = CliRunner().invoke(outer, [])
    assert (done.exit_code, done.stderr, done.stdout) == (0, "a batch is done\n", "both\n")
    assert CliRunner().invoke(inner, []).stderr == "a batch is done\n"


def test_an_error_of_the_study_is_the_last_line_and_no_traceback():
    done = CliRunner().invoke(failing, [])
    assert (done.exit_code, done.output) == (1, "Error: data/x.parquet: no such table\n")


def test_the_help_is_the_docstring_of_the_module():
    assert "A command shows what rooms log once" in CliRunner().invoke(outer, ["--help"]).output
