"""compare: what changed between two versions of the study, and whether a number moved.

    python -m stages.compare main                  # a commit, branch or tag with the working tree
    python -m stages.compare HEAD~3 HEAD --md      # for a pull request
    python -m stages.compare main lower-rate       # an experiment of dvc by its name
    python -m stages.compare main --same           # the same within rounding? else it ends with 1
    python -m stages.compare few some all          # three or more: a sweep, one curve

Says what changed in params, code and data, sets each headline number side by side with the
interval of its difference on the rows that both have (metrics/rows.parquet), and shows which rows
flipped. Read is what git has of a version: nothing is checked out, and a fresh clone is enough.
docs/compare.md says how to read it.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from stages.comparison.comparing import Comparison, compare, read_side
from stages.comparison.rounding import Sameness, sameness
from stages.comparison.sweep import curve, sweep
from stages.comparison.told.account import account, told_sameness
from stages.comparison.told.blocks import Block, as_text
from stages.comparison.told.picture import moved
from stages.comparison.told.sweep import told_sweep
from stages.comparison.versions import experiments_at, open_version
from stages.params import command
from stages.reporting.pictures import svg
from stages.reporting.sections import render, trusted
from stages.storage.errors import StudyError
from stages.storage.files import atomic_path
from stages.storage.tables import Row, read_columns
from stages.terminal.closing import then, wrote

ROOT = Path()
TASKS = Path("data/tasks")


@command
@click.argument("versions", nargs=-1)
@click.option("--md", is_flag=True, help="As Markdown, short enough for a pull request.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page, too.")
@click.option(
    "--picture", type=click.Path(dir_okay=False, path_type=Path), help="Write the picture as SVG."
)
@click.option("--same", is_flag=True, help="End with 1 unless both are the same within rounding.")
@click.option(
    "--sweep", "as_sweep", is_flag=True, help="One curve; of all experiments at HEAD by default."
)
def main(
    versions: tuple[str, ...],
    md: bool,
    html: Path | None,
    picture: Path | None,
    same: bool,
    as_sweep: bool,
) -> None:
    if not versions and not as_sweep:
        raise click.UsageError("name a version: a commit, a branch, a tag or an experiment")
    apart: Sameness | None = None
    if as_sweep or len(versions) > 2:
        if same:
            raise click.UsageError("--same is about two versions")
        blocks, name, points = _swept(versions)
    else:
        one, other = open_version(versions[0], ROOT), open_version(_second(versions), ROOT)
        found = compare(one, other)
        blocks, name, points = account(found, md, _inputs(found)), "versions", moved(found)
        if same:
            apart = _same(found)
            blocks[1:2] = told_sameness(apart)
    drawn = trusted(svg(name, points)) if points and (html or picture) else None
    click.echo(render("versions.md.j2", blocks=blocks) if md else as_text(blocks), nl=False)
    if html:
        _write(html, render("versions.html.j2", blocks=blocks, pictures=[drawn] if drawn else []))
    if picture:
        if not drawn:
            raise StudyError(f"{picture}: nothing to draw, as no version has rows")
        _write(picture, drawn)
    wrote(*(path for path in (html, picture) if path))
    then(_following(md, html, picture, apart))
    if apart and apart.problems:
        raise click.exceptions.Exit(1)


def _following(md: bool, html: Path | None, picture: Path | None, apart: Sameness | None) -> str:
    """What a person does next."""
    if apart:
        return 'docs/compare.md, "Is it the same result?", says what rounding accounts for'
    if html or picture:
        return f"open {html or picture} in a browser"
    if md:
        return "the same command with `> comment.md` keeps it; docs/compare.md says how to read it"
    return "docs/compare.md says how to read it; --html FILE draws it, --md is for a pull request"


def _second(versions: Sequence[str]) -> str | None:
    return versions[1] if len(versions) > 1 else None


def _swept(names: Sequence[str]) -> tuple[list[Block], str, list[Row]]:
    head = open_version("HEAD", ROOT)
    names = names or experiments_at(head.commit, ROOT)
    found = sweep([read_side(open_version(name, ROOT)) for name in names])
    return told_sweep(found), "sweep", curve(found)


def _same(found: Comparison) -> Sameness:
    """Raises StudyError where rows cannot tell it."""
    paired = found.paired
    if paired is None:
        which = " and ".join(found.without_rows)
        raise StudyError(f"metrics/rows.parquet: not in {which}; --same compares rows")
    numbers = found.one.numbers, found.other.numbers
    return sameness(paired.both, numbers, paired.found, paired.rule)


def _inputs(found: Comparison) -> dict[str, str]:
    """The texts of the inputs whose rows are shown, where this folder has their tasks."""
    rows = found.paired.flips.sample if found.paired else []
    texts: dict[str, str] = {}
    for task in sorted({str(row["task"]) for row in rows}):
        path = TASKS / f"{task}.parquet"
        if path.is_file():
            table = read_columns("tasks", path, ["input_id", "input"])
            texts |= dict(zip(table["input_id"], table["input"], strict=True))
    return texts


def _write(path: Path, text: str) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
