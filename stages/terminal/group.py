"""`selfpredict`: all commands as one, each imported when it is asked for."""

import difflib
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from stages.storage.errors import plain
from stages.terminal.debugging import debugging
from stages.terminal.helping import as_help
from stages.terminal.listing import listed


class Commands(click.Group):
    """The commands of the project, listed by group; `selfpredict X` is `python -m stages.X`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, those of stages first."""
        return [command.name for commands in listed().values() for command in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported; ClickException where it cannot be."""
        modules = {command.name: command.module for own in listed().values() for command in own}
        if cmd_name not in modules:
            return None
        try:
            command = import_module(modules[cmd_name]).main
        except ImportError as error:
            if debugging():
                raise
            raise click.ClickException(plain(f"{cmd_name}: {error}")) from error
        assert isinstance(command, click.Command)
        command.help = as_help(command.help)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it; of a name that nobody has the nearest ones are named."""
        names = self.list_commands(ctx)
        if args[0] in names or args[0].startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        near = difflib.get_close_matches(args[0], names, n=3)
        known = f"perhaps {' or '.join(near)}" if near else f"there are {', '.join(names)}"
        ctx.fail(plain(f"no command is called {args[0]!r}; {known}"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A line for each command, as it stands."""
        for title, commands in listed().items():
            width = max((len(command.name) for command in commands), default=0)
            with formatter.section(title):
                for command in commands:
                    formatter.write(f"  {command.name:<{width}}  {command.line}\n")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names that begin so, each with its line; none is imported."""
        found = [
            CompletionItem(command.name, help=command.line)
            for commands in listed().values()
            for command in commands
            if command.name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]
