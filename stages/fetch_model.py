"""fetch_model: a model of params.yaml as safetensors with its tokenizer and chat template.

    python -m stages.fetch_model --model MODEL

From the model's source to data/models/MODEL, converted once; later loads take seconds. The
folder appears whole or not at all, and what a killed run left is removed by the next one. Of a
hosted model it holds how it is reached and asked.
"""

from pathlib import Path

import click

from stages.models.fetch.fetching import fetch
from stages.params import command, load_params


@command
@click.option("--model", required=True, help="A key of `models`.")
def main(model: str) -> None:
    params = load_params()
    fetch(model, params.model(model), params.chat, Path("data/models") / model)


if __name__ == "__main__":
    main()
