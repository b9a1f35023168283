"""What a shell completes the values of options to: names of params.yaml and of controls/."""

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from stages.terminal.pipeline import read_yaml

SUBJECTS = ("--model", "--predictor", "--target")


class Name(click.types.StringParamType):
    """A text that is one of some names, which are looked up when a shell asks for them."""

    def __init__(self, option: str) -> None:
        self.option = option

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Those that begin so; none that a shell could take for several."""
        return [
            CompletionItem(name)
            for name in _names(self.option)
            if name.startswith(incomplete) and name.isprintable() and " " not in name
        ]


def with_names(command: click.Command) -> click.Command:
    """The command, the values of whose options a shell completes."""
    for param in command.params:
        for option in param.opts:
            if option in (*SUBJECTS, "--experiment", "--control") and param.type is click.STRING:
                param.type = Name(option)
    return command


def _names(option: str) -> list[str]:
    if option == "--control":
        return sorted(path.stem for path in Path("controls").glob("*.yaml"))
    params = read_yaml(Path("params.yaml"))
    if option == "--experiment":
        experiments = params.get("experiments")
        found = experiments.get("run") if isinstance(experiments, dict) else None
    else:
        found = params.get("subjects")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
