"""What all commands share: help, progress, and one clear line where one cannot go on."""

import errno
import functools
import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from stages.params.loading import load_params
from stages.params.stopping import stoppable
from stages.storage.errors import StudyError, plain

REFUSED = {  # by the system, not for a mistake of ours
    *(errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.ENAMETOOLONG),
}


class Command(click.Command):
    """A command whose complaints about what it was given are shown as a terminal may show them."""

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        try:
            return super().make_context(*given, **more)
        except click.UsageError as error:
            _told_of_names(error)
            raise click.UsageError(plain(error.format_message()), error.ctx) from error


def _told_of_names(error: click.UsageError) -> None:
    """Say what is wrong in params.yaml where an option has no value: dvc writes what stands there.

    An item `true` is written as an option alone, `false` not at all.
    """
    lacks = isinstance(error, click.BadOptionUsage | click.MissingParameter)
    if lacks and Path("params.yaml").is_file():
        try:
            load_params()
        except StudyError as wrong:
            raise click.ClickException(plain(str(wrong))) from error


def command(function: Callable[..., None]) -> click.Command:
    """The command of a module: its docstring is the help, a StudyError its last line."""
    module = inspect.getmodule(function)
    return click.command(cls=Command, help=module.__doc__ if module else None)(telling(function))


dry_run_option = click.option(
    "--dry-run",
    is_flag=True,
    help="Only say what would be asked and taught, what it would cost, and a few of the requests.",
)


def say(text: str) -> None:
    """Show a text, if there is any, as a terminal may show it."""
    if text:
        click.echo(plain(text))


def telling(function: Callable[..., None]) -> Callable[..., None]:
    """The function with what the rooms log shown, and an error that a user can mend as a line."""

    @functools.wraps(function)
    def run(*arguments: Any, **options: Any) -> None:
        with _shown(), stoppable():
            try:
                function(*arguments, **options)
            except StudyError as error:
                raise click.ClickException(plain(str(error))) from error
            except OSError as error:
                if error.errno not in REFUSED:
                    raise
                where = f"{error.filename}: " if error.filename else ""
                raise click.ClickException(plain(f"{where}{error.strerror}")) from error

    return run


class _Echo(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(plain(record.getMessage()), err=True)


@contextmanager
def _shown() -> Iterator[None]:
    """What the rooms log goes to standard error; once, where a command runs another."""
    logger = logging.getLogger("stages")
    if any(isinstance(handler, _Echo) for handler in logger.handlers):
        yield
        return
    handler, level = _Echo(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
