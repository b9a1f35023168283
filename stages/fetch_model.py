"""fetch_model: a model of params.yaml as safetensors with its tokenizer and chat template.

    python -m stages.fetch_model MODEL

From the model's source to data/models/MODEL, converted once; later loads take seconds. The
folder appears whole or not at all, and what a killed run left is removed by the next one.
"""

import tempfile
from pathlib import Path

import click

from stages.controls.organisms.organism import grow
from stages.models.fetch.convert import convert, describe
from stages.models.fetch.resolve import resolve
from stages.models.fetch.section import ModelSpec
from stages.params import command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder, file_sha256


@command
@click.argument("model")
def main(model: str) -> None:
    params = load_params()
    if model not in params.models:
        raise StudyError(
            f"params.yaml: models: {model!r} is no model; allowed: {', '.join(params.models)}"
        )
    spec = params.models[model]
    try:
        fetch(model, spec, Path("data/models") / model)
    except (StudyError, OSError) as error:
        raise StudyError(f"{model}: {', '.join(spec.sources)}: {error}") from error


def fetch(model: str, spec: ModelSpec, out: Path) -> None:
    """Fetch, check, convert and describe one model in `out`."""
    with atomic_folder(out) as folder:
        with tempfile.TemporaryDirectory(dir=folder, prefix="download-") as scratch:
            source = resolve(spec.sources, spec.sha256, Path(scratch), grow)
            sha256 = None if source.is_dir() else spec.sha256 or file_sha256(source)
            about = convert(source, folder, spec.chat_template)
        origin = {"id": model, "source": spec.source, "sha256": sha256}
        describe(folder, {**origin, **about}, spec.stop)


if __name__ == "__main__":
    main()
