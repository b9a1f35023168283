"""What all commands share: help, progress, last lines; one clear line where it cannot go on."""

import errno
import functools
import inspect
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from stages.params.loading import load_params
from stages.params.stopping import stoppable
from stages.storage.errors import StudyError, plain
from stages.terminal.closing import Closing
from stages.terminal.completing import with_names
from stages.terminal.debugging import debugging, unexpected
from stages.terminal.helping import as_help

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
    told = as_help(module.__doc__) if module else None
    return with_names(click.command(cls=Command, help=told)(telling(function)))


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
    """The function with what the rooms log shown, an error as a line, and what it wrote at the end.

    SELFPREDICT_DEBUG=1 shows where an error comes from.
    """

    @functools.wraps(function)
    def run(*arguments: Any, **options: Any) -> None:
        with _shown() as outermost, stoppable():
            closing = Closing(_module(function), _given()) if outermost else None
            try:
                function(*arguments, **options)
            except (click.ClickException, click.Abort, click.exceptions.Exit):
                raise
            except Exception as error:
                if isinstance(error, OSError) and error.errno == errno.EPIPE:
                    raise  # who read the output has gone, which click knows
                if debugging():
                    click.echo(plain(traceback.format_exc()), err=True)
                raise click.ClickException(plain(_line(error))) from error
            if closing is not None:
                closing.told()

    return run


def _line(error: Exception) -> str:
    """What is said of an error, what a user can mend in the words of who raised it."""
    if isinstance(error, StudyError):
        return str(error)
    if isinstance(error, OSError) and error.errno in REFUSED:
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return unexpected(error)


def _module(function: Callable[..., None]) -> str:
    """The name of a command's module, as `python -m` takes it."""
    module = inspect.getmodule(function)
    spec = getattr(module, "__spec__", None)
    return spec.name if spec else getattr(module, "__name__", "")


def _given() -> dict[str, Any]:
    """What the running command was given, by the long names of its options."""
    context = click.get_current_context(silent=True)
    if context is None:
        return {}
    return {
        option.lstrip("-"): context.params.get(param.name or "")
        for param in context.command.params
        for option in param.opts
    }


class _Echo(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(plain(record.getMessage()), err=True)


@contextmanager
def _shown() -> Iterator[bool]:
    """What the rooms log goes to standard error, once where a command runs another.

    Yields whether this is the command that was given, and not one that it runs.
    """
    logger = logging.getLogger("stages")
    if any(isinstance(handler, _Echo) for handler in logger.handlers):
        yield False
        return
    handler, level = _Echo(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield True
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
