"""What all commands share: help, progress, and one clear line where one cannot go on."""

import functools
import inspect
import logging
import sys
from collections.abc import Callable

import click

from stages.storage.errors import StudyError


def command(function: Callable[..., None]) -> click.Command:
    """The command of a module: its docstring is the help, a StudyError its last line."""

    @functools.wraps(function)
    def run(**arguments: object) -> None:
        logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
        logging.getLogger("stages").setLevel(logging.INFO)
        try:
            function(**arguments)
        except StudyError as error:
            raise click.ClickException(str(error)) from error

    return click.command(help=inspect.getmodule(function).__doc__)(run)
