"""review: the comment on a pull request: does dvc.lock fit, what was run again, what moved.

    python -m stages.review main --out comment.md
    python -m stages.review main --minutes 300 --stage evaluate --stage report

Compares the commit that a branch goes into with the working tree (`python -m stages.compare`).
Where dvc.lock does not fit code and params, `dvc repro` runs again what changed, or the stages that
are named alone, for so many minutes at most. Ends with 1 where dvc.lock as committed does not fit:
the results of a run are part of a commit. .github/workflows/review.yml posts what it writes.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import click

from stages.comparison.comparing import compare
from stages.comparison.status import read_status
from stages.comparison.told.account import account
from stages.comparison.told.blocks import Block, Words
from stages.comparison.told.review import MARK, told_review
from stages.comparison.told.words import capital, listed, verdict
from stages.comparison.versions import Version, open_version
from stages.models.hosted.spec.section import HostedSpec
from stages.params import command, load_params
from stages.reporting.sections import render
from stages.storage.errors import StudyError
from stages.storage.files import atomic_path
from stages.terminal.closing import then, wrote

DVC = (sys.executable, "-m", "dvc")
GRACE = 30.0  # seconds in which what is stopped may put away what it has
REMOTE = re.compile(r"^\[['\"]?remote\b", re.MULTILINE)
LAST = 3  # lines of a run that failed
BRANCH = "this branch"
NOT_RUN = Words("The results are not those of a run of this branch.", "verdict")
COMMITTED = "the numbers below are the committed ones"


class Rerun(NamedTuple):
    """What came of running again."""

    told: str
    """a sentence or two; empty where nothing had to be run"""
    ended: Literal["not begun", "done", "broken off"]
    """a run that was broken off leaves results of no version"""


@command
@click.argument("base")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default="comment.md")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="How long may be run again; 0: nothing is.",
)
@click.option("--stage", "stages", multiple=True, help="Run this stage again and no other.")
def main(base: str, out: Path, minutes: float, stages: tuple[str, ...]) -> None:
    old = open_version(base, Path())
    try:
        fit = read_status(_dvc("status", "--json"))
        rerun = Rerun("", "not begun") if fit.fits else _run_again(minutes, stages)
        found = compare(old, _branch(rerun))
    except StudyError as error:  # of the branch: that is what a reviewer must know
        _write(
            out,
            [
                Words(f"This branch cannot be compared with {old.told}", "title"),
                Words(str(error), "verdict"),
            ],
        )
        raise
    title, first, *rest = account(found, brief=True)
    if fit.fits or rerun.ended == "done":
        _write(out, [title, first, *told_review(fit, rerun.told), *rest])
    else:
        committed = Words(f"The committed numbers: {verdict(found)}")
        _write(out, [title, NOT_RUN, *told_review(fit, rerun.told), committed, *rest])
    click.echo("the lock fits" if fit.fits else "the lock does not fit")
    if fit.fits:
        then(f"put {out} into the pull request")
    else:
        then("dvc repro, and commit dvc.lock and metrics/ with what they are made of")
        raise click.exceptions.Exit(1)


def _branch(rerun: Rerun) -> Version:
    """What is compared: the working tree, or what is committed where a run left half of one."""
    if rerun.ended == "broken off":
        return replace(open_version("HEAD", Path()), name=BRANCH)
    return open_version(None, Path(), BRANCH)


def _write(path: Path, blocks: Sequence[Block]) -> None:
    with atomic_path(path) as partial:
        text = render("versions.md.j2", blocks=blocks)
        partial.write_text(f"{MARK}\n{text}", encoding="utf-8")
    wrote(path)


def _run_again(minutes: float, stages: Sequence[str]) -> Rerun:
    """Run what changed, where that can be done here."""
    if not minutes:
        return Rerun(f"Nothing was run again: {COMMITTED}.", "not begun")
    try:
        params = load_params()
    except StudyError as error:
        return Rerun(f"Nothing was run again: {str(error).splitlines()[0]}", "not begun")
    hosted = [name for name in params.subjects if isinstance(params.model(name), HostedSpec)]
    if hosted and not stages:
        where = f"{listed(hosted)} {'is' if len(hosted) == 1 else 'are'} on a server"
        return Rerun(f"Nothing was run again, as {where}: {COMMITTED}.", "not begun")
    command = [*DVC, "repro", *(["--single-item", *stages] if stages else [])]
    if _has_remote():
        command.append("--pull")
    code, said = _limited(command, minutes * 60)
    if code is None:
        after = f"after {minutes:g} minutes; the next one goes on from there"
        return Rerun(f"The run was stopped {after}. {capital(COMMITTED)}.", "broken off")
    if code:
        last = " / ".join(said.strip().splitlines()[-LAST:])
        return Rerun(f"The run failed, so {COMMITTED}. It said: {last}", "broken off")
    what = f"{listed(stages)} alone" if stages else "what changed"
    again = f"This runner ran {what} again"
    return Rerun(f"{again}: the numbers below are of that run, not yet committed.", "done")


def _has_remote() -> bool:
    """Whether dvc knows a place that data could be fetched from."""
    files = [Path(".dvc") / name for name in ("config", "config.local")]
    return any(REMOTE.search(file.read_text()) for file in files if file.is_file())


def _limited(command: Sequence[str], seconds: float) -> tuple[int | None, str]:
    """The exit code and what was said; None for a code where the time was up."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        start_new_session=True,  # so that all that it began is stopped with it
    )
    try:
        said, _ = process.communicate(timeout=seconds)
        return process.returncode, said
    except subprocess.TimeoutExpired:
        for how in (signal.SIGTERM, signal.SIGKILL):
            os.killpg(process.pid, how)
            try:
                return None, process.communicate(timeout=GRACE)[0]
            except subprocess.TimeoutExpired:
                continue
        return None, ""


def _dvc(*arguments: str) -> str:
    done = subprocess.run([*DVC, *arguments], capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["failed"]
        raise StudyError(f"dvc {arguments[0]}: {said[0]}")
    return done.stdout


if __name__ == "__main__":
    main()
