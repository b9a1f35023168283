"""cache: what lies in the user's cache, why an answer is asked again, what was paid, what may go.

    python -m stages.cache                  # size and entries by subject, what this study has paid
    python -m stages.cache why smollm2 08fd5d7b0c9a91ae         # its answer to the prompt
    python -m stages.cache why smollm2-self/seed-0 08fd5d7b0c9a91ae first_word   # its prediction
    python -m stages.cache prune --old --older-than 90 --keep 5GB --dry-run
    python -m stages.cache export paid.tar.gz    # what servers were paid for, for another machine
    python -m stages.cache import paid.tar.gz

The cache lies in the user's cache folder; SELFPREDICT_CACHE names another.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from stages.controls.organisms.organism import engine as growing
from stages.models.hosted.archive import Counts, export
from stages.models.hosted.archived import take_in
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.statement import account, batches, trainings
from stages.models.local.keys import ANSWERING, CUTTING, TEACHING, engine
from stages.params import load_params
from stages.params.command import Command, telling
from stages.storage.errors import plain
from stages.storage.inventory import Bundle, bundles
from stages.storage.kept_folders import KINDS
from stages.storage.keys import Parts, changed_parts
from stages.storage.pruning import beyond, outdated, prune, used_before
from stages.storage.response_cache import AnswerKey, ResponseCache, cache_folder
from stages.storage.source import source_hash
from stages.terminal.closing import then
from stages.terminal.helping import as_help

DAY = 86_400  # seconds
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def subcommand(function: Callable[..., None]) -> click.Command:
    """A command of the group, with what all commands share."""
    return main.command(cls=Command, help=function.__doc__)(telling(function))


class Size(click.ParamType):
    """A number of bytes: 500MB, 5GB."""

    name = "size"

    def convert(self, value: Any, param: Any, context: Any) -> int:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", str(value), re.IGNORECASE)
        if found is None:
            self.fail(f"{value!r} is no size; write 500MB or 5GB", param, context)
        return int(Decimal(found[1]) * UNITS[found[2].upper()])


@click.group(help=as_help(__doc__), invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        context.invoke(show)


@subcommand
def show() -> None:
    """Size and number of entries by subject; trainings and batches on servers; what is paid."""
    click.echo(plain(f"{cache_folder()}: {_table(list(bundles(cache_folder())))}"))
    limits = load_params().limits if Path("params.yaml").is_file() else LimitsParams()
    for line in (*trainings(), *batches(), *account(limits)):
        click.echo(plain(line))
    then("`python -m stages.cache prune --old --dry-run` says what nothing of today would use")


@subcommand
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_command(file: Path) -> None:
    """Write what servers were paid for to a file, for another machine: answers and trainings."""
    click.echo(plain(f"{file}: {export(file)}"))
    then(f"`python -m stages.cache import {file}` on the other machine")


@subcommand
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def import_command(file: Path) -> None:
    """Keep what such a file holds; what is here already stays."""
    new, other = take_in(file)
    click.echo(plain(f"{file}: new here: {new}"))
    if other != Counts():
        click.echo(plain(f"{file}: not as here, where all stays as it was: {other}"))


@subcommand
@click.argument("model")
@click.argument("input_id")
@click.argument("asked", metavar="[PROPERTY]", required=False)
def why(model: str, input_id: str, asked: str | None) -> None:
    """Which part of the key of an answer changed: to the prompt of an input, or of a prediction."""
    from stages.models.expected import object_key, prediction_key  # they need torch

    params = load_params()
    if asked is None:
        key = object_key(model, input_id, params.design, params.sampling)
    else:
        key = prediction_key(
            model, input_id, asked, params.design, params.predict, params.cross_questions
        )
    with ResponseCache() as cache:
        for line in _explained(key, cache):
            click.echo(plain(line))


@subcommand
@click.option("--older-than", type=click.FloatRange(0), help="What was not used for DAYS.")
@click.option("--keep", type=Size(), help="The longest unused, until at most this much stays.")
@click.option("--old", is_flag=True, help="What is not of today's code and packages.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def prune_command(older_than: float | None, keep: int | None, old: bool, dry_run: bool) -> None:
    """Take entries away, and say what went and what stays."""
    if older_than is None and keep is None and not old:
        raise click.UsageError("say what may go: --older-than DAYS, --keep SIZE or --old")
    folder = cache_folder()
    staying, going = list(bundles(folder)), []
    chosen = []
    if old:
        chosen.append(lambda found: outdated(found, _today()))
    if older_than is not None:
        chosen.append(lambda found: used_before(found, time.time() - older_than * DAY))
    if keep is not None:
        chosen.append(lambda found: beyond(found, keep))
    for choose in chosen:
        going += choose(staying)
        staying = [bundle for bundle in staying if bundle not in going]
    if not dry_run:
        gone = prune(folder, going)
        staying += [bundle for bundle in going if bundle not in gone]
        going = gone
    click.echo(plain(f"{'would go' if dry_run else 'went'}: {_table(going)}"))
    click.echo(plain(f"{'would stay' if dry_run else 'stays'}: {_table(staying)}"))


def _today() -> Mapping[str, Parts]:
    """The code and packages of today, by kind of entry."""
    adapters = engine(*TEACHING)
    return {
        "answers": {**engine(*ANSWERING), "cut_source": source_hash(*CUTTING)},
        "adapters": adapters,
        "checkpoints": adapters,
        "organisms": growing(),
    }


def _explained(key: AnswerKey, cache: ResponseCache) -> Iterable[str]:
    what = " ".join(map(str, (key.subject, *key.question[:-1])))
    if cache.get([key]):
        yield f"{what}: would be answered from the cache"
        return
    kept = cache.like(key)
    if not kept:
        yield f"{what}: no entry"
        return
    now = json.loads(json.dumps(key.parts))
    nearest = min(kept, key=lambda entry: len(changed_parts(entry.parts, key.parts)))
    made = datetime.fromtimestamp(nearest.made).isoformat(" ", "minutes")
    yield f"{what}: would be asked again; entries: {len(kept)}, the nearest of {made}; since then"
    for name in changed_parts(nearest.parts, key.parts):
        yield f"  {name} changed: {_change(nearest.parts.get(name), now.get(name))}"


def _change(before: Any, now: Any) -> str:
    """Two values, of mappings only what differs; hashes by their first digits."""
    if isinstance(before, dict) and isinstance(now, dict):
        inner = changed_parts(before, now)
        return ", ".join(f"{name} {_change(before.get(name), now.get(name))}" for name in inner)
    shown = [re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1", str(x)) for x in (before, now)]
    return " -> ".join(shown)


def _size(count: int) -> str:
    unit, factor = max(
        ((unit, factor) for unit, factor in UNITS.items() if count >= factor),
        key=lambda pair: pair[1],
        default=("", 1),
    )
    return f"{count / factor:.3g} {unit}B"


def _table(found: list[Bundle]) -> str:
    """The size of all, then a line for each subject: how many of what, and how large."""
    lines = [_size(sum(bundle.size for bundle in found))]
    for subject in sorted({bundle.subject for bundle in found}):
        own = [bundle for bundle in found if bundle.subject == subject]
        counts = {
            kind: sum(bundle.entries for bundle in own if bundle.kind == kind)
            for kind in ("answers", *KINDS)
        }
        said = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        lines.append(f"  {subject}: {said or 'unfinished'}, {_size(sum(b.size for b in own))}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
