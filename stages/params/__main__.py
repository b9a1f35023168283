"""params: whether a file of params is sound, before anything is run with it.

python -m stages.params              # params.yaml
python -m stages.params theirs.yaml
"""

import click

from stages.params import command, load_params
from stages.terminal.closing import then


@command
@click.argument("file", default="params.yaml")
def main(file: str) -> None:
    params = load_params(file)
    click.echo(f"{file}: sound; subjects {', '.join(params.subjects)}")
    then("make run, or `dvc exp run` to leave the committed numbers alone")


if __name__ == "__main__":
    main()
