"""A version of the project: a commit, an experiment of dvc, or the working tree; never checked out.

Read are the files that git has of it, so that a fresh clone is enough. Names come from a user or
from a pull request: they are resolved to a commit before anything else is done with them.
"""

import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from stages.storage.errors import StudyError
from stages.storage.tables import read_columns

TREE = "the working tree"
SHORT = 7  # characters of a hash
EXPERIMENT = re.compile(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/([^/]+)")
"""a finished experiment of dvc, below the commit that it began at"""
ROWS, SUMMARY = "metrics/rows.parquet", "metrics/summary.json"


@dataclass(frozen=True)
class Version:
    """What git, or the working tree, has of the project in the folder `root`."""

    root: Path
    name: str
    """as a user gave it; of a whole hash its beginning"""
    commit: str
    """hex hash; of the working tree that of what it began at"""
    is_tree: bool

    @cached_property
    def told(self) -> str:
        """The name with commit and day."""
        if self.is_tree:
            return f"{self.name} (on {self.commit[:SHORT]})"
        day = _git(self.root, "show", "--no-patch", "--format=%cs", self.commit).decode().strip()
        is_hash = self.commit.startswith(self.name)
        return f"{self.name} ({day if is_hash else f'{self.commit[:SHORT]}, {day}'})"

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where the version has none."""
        if self.is_tree:
            file = self.root / path
            return file.read_bytes() if file.is_file() else None
        found = _run(self.root, "cat-file", "blob", f"{self.commit}:./{path}")
        return found.stdout if found.returncode == 0 else None

    @cached_property
    def rows(self) -> pd.DataFrame | None:
        """The scored rows; None where the version has none, as they are too many or it is older.

        Raises StudyError where there is a table that is no table of rows.
        """
        content = self.read(ROWS)
        if content is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            path.write_bytes(content)
            try:
                found = read_columns("rows", path)
            except StudyError as error:
                text = str(error).replace(str(path), f"{ROWS} of {self.name}")
                raise StudyError(text) from error
        return found if len(found) else None

    @cached_property
    def files(self) -> Mapping[str, str]:
        """path -> MD5 of each file of code and of what is given, as DVC has it in dvc.lock."""
        places = ("stages", "controls", "given", "docs")
        if self.is_tree:
            listed = _git(self.root, "ls-files", "-z", "-co", "--exclude-standard", "--", *places)
            paths = [self.root / name for name in listed.decode().split("\0") if name]
            return {
                path.relative_to(self.root).as_posix(): md5(path.read_bytes())
                for path in paths
                if path.is_file()
            }
        names = _git(self.root, "ls-tree", "--name-only", self.commit, *places).decode().split()
        if not names:
            return {}
        packed = _git(self.root, "archive", "--format=tar", self.commit, *names)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            return {
                entry.name: md5(file.read())
                for entry in archive
                if (file := archive.extractfile(entry) if entry.isfile() else None)
            }

    def hash_of(self, path: str) -> str | None:
        """What dvc.lock would say of a file or folder of code; None where there is none."""
        if path in self.files:
            return self.files[path]
        within = {
            name.removeprefix(f"{path}/"): of
            for name, of in self.files.items()
            if name.startswith(f"{path}/")
        }
        listed = [{"md5": within[name], "relpath": name} for name in sorted(within)]
        return f"{md5(json.dumps(listed, sort_keys=True).encode())}.dir" if listed else None


def open_version(name: str | None, root: Path, tree: str = TREE) -> Version:
    """The version of a name: a revision of git, an experiment of dvc, or None: the working tree.

    `tree` is what the working tree is called.

    Raises StudyError where there is none, or several experiments are called so.
    """
    if name is None:
        return Version(root, tree, _resolved(root, "HEAD") or "", True)
    if name.startswith("-") or not (name.isprintable() and name.strip()):
        raise StudyError(f"{name!r} names no version; give a commit, branch, tag or experiment")
    if commit := _resolved(root, name):
        return Version(root, name[:SHORT] if name == commit else name, commit, False)
    commits = {commit for commit, called in _experiments(root) if called == name}
    if len(commits) > 1:
        raise StudyError(
            f"{name}: {len(commits)} experiments are called so, at different commits; give one of "
            f"their hashes: {', '.join(sorted(commit[:10] for commit in commits))}"
        )
    if not commits:
        raise StudyError(
            f"{name}: neither a revision of git nor an experiment of dvc; `git log --oneline` and "
            "`dvc exp list --all-commits` name them"
        )
    return Version(root, name, commits.pop(), False)


def experiments_at(commit: str, root: Path) -> list[str]:
    """The names of the experiments of dvc that began at a commit, in the order of their names."""
    of = f"refs/exps/{commit[:2]}/{commit[2:]}/"
    listed = _git(root, "for-each-ref", "--format=%(refname)", of).decode().splitlines()
    return sorted(found[1] for ref in listed if (found := EXPERIMENT.fullmatch(ref)))


def _experiments(root: Path) -> list[tuple[str, str]]:
    """(commit, name) of all experiments of dvc."""
    listed = _git(root, "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps/").decode()
    pairs = [line.split(" ", 1) for line in listed.splitlines()]
    return [(commit, found[1]) for commit, ref in pairs if (found := EXPERIMENT.fullmatch(ref))]


def _resolved(root: Path, name: str) -> str | None:
    """The hash of the commit that a revision names; None where there is none."""
    arguments = ("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if (found := _run(root, *arguments)).returncode == 1:
        return None
    return _told(arguments, found).decode().strip()


def _git(root: Path, *arguments: str) -> bytes:
    return _told(arguments, _run(root, *arguments))


def _told(arguments: Sequence[str], done: subprocess.CompletedProcess[bytes]) -> bytes:
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise StudyError(f"git {arguments[0]}: {said or f'ended with {done.returncode}'}")
    return done.stdout


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-c", "core.quotepath=off", *arguments]
    environment = os.environ | {"LC_ALL": "C"}
    try:
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise StudyError("git: no such program; versions are read by it") from None


def md5(content: bytes) -> str:
    """The hex MD5 of a content, as DVC tells versions of it apart."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
