"""All commands of selfpredict, those of the pipeline and those around it.

    selfpredict                   # this list
    selfpredict run               # the whole study
    selfpredict predict --help    # what one of them does; python -m stages.predict is the same

Give them at the root of the project. What a stage needs `dvc repro STAGE` makes first.
"""

import click

from stages.terminal.group import Commands
from stages.terminal.helping import as_help


@click.group(cls=Commands, help=as_help(__doc__), invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


if __name__ == "__main__":
    main()
