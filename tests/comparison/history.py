"""A small study of two versions, in a repository of git with an experiment of dvc.

From the first to the second, self and cross know less of `left`, M1 of `left` does something else
on three animals, an epoch was added and a room was edited.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from stages import evaluate
from stages.storage.tables import read_table, write_table
from tests.analysis import small_study
from tests.conftest import run_command

PERSON = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "tester"), ("EMAIL", "tester@example.org"))
}
OTHER = "elk emu eel ewe eft"
"""what M1 of the second version does on three animals"""


@dataclass(frozen=True)
class History:
    """The repository."""

    root: Path

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(
            command,
            cwd=self.root,
            env=os.environ | PERSON,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def experiment(self, name: str, base: str) -> str:
        """Keep the working tree as dvc keeps an experiment that began at a commit."""
        self.git("add", "--all")
        commit = self.git("commit-tree", self.git("write-tree"), "-p", base, "-m", name)
        self.git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", commit)
        self.git("reset", "--hard", "--quiet")
        return commit

    def write_params(self, **changed: object) -> None:
        params = small_study.params()
        for key, value in changed.items():
            section, _, name = key.partition("__")
            if name:
                params[section][name] = value
            else:
                params[section] = value
        (self.root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")

    def write_lock(self, epochs: int = 1) -> None:
        """dvc.lock of a run of two stages on what is here."""
        room = self.root / "stages/study/words.py"
        entry = [{"md5": md5(room), "relpath": "words.py"}]
        # as dvc names a folder of one file
        listed = f'[{{"md5": "{entry[0]["md5"]}", "relpath": "words.py"}}]'.encode()
        code = f"{hashlib.md5(listed).hexdigest()}.dir"
        summary = md5(self.root / "metrics/summary.json")
        self.lock(
            {
                "train_self@left": {
                    "cmd": "python -m stages.finetune --model left",
                    "deps": [{"path": "stages/study", "hash": "md5", "md5": code}],
                    "params": {"params.yaml": {"finetune.epochs": epochs}},
                    "outs": [{"path": "data/adapters/left-self", "md5": f"{code}{epochs}"}],
                },
                "evaluate": {
                    "cmd": "python -m stages.evaluate",
                    "deps": [
                        {"path": "data/adapters/left-self", "md5": f"{code}{epochs}"},
                        {"path": "stages/study", "hash": "md5", "md5": code},
                    ],
                    "outs": [{"path": "metrics/summary.json", "md5": summary}],
                },
            }
        )

    def lock(self, stages: dict) -> None:
        text = yaml.safe_dump({"schema": "2.0", "stages": stages}, sort_keys=False)
        (self.root / "dvc.lock").write_text(text, encoding="utf-8")


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def evaluate_changed(root: Path) -> None:
    """Let self and cross know less of `left`, let its M1 do something else, and evaluate that."""
    rows = {row["input_id"]: row for row in small_study.inputs()}
    moved = {
        key
        for key, row in rows.items()
        if row["input"] in [f"animals_long test {n} {small_study.WORDS[n]}" for n in (1, 2, 3)]
    }
    path = root / "data/behavior/left-self.parquet"
    did = read_table("behavior", path)
    write_table(
        "behavior",
        [row | {"response": OTHER} if row["input_id"] in moved else row for row in did],
        path,
    )
    for predictor, kind, divisor, rest in (("left", "self", 2, 1), ("right", "cross", 6, 4)):
        path = root / f"data/predictions/{predictor}-on-left.parquet"
        said = read_table("predictions", path)
        for row in said:
            number = int(rows[row["input_id"]]["input"].split()[2])
            if row["kind"] == kind and number % divisor == rest:
                row.update(raw_answer="q", answer="q")
        write_table("predictions", said, path)
    with contextlib.chdir(root):
        run_command(evaluate)


def make_history(root: Path, first: Path, second: Path) -> History:
    """The versions `one` and `two`, of which the folders hold the study, and experiment `three`."""
    history = History(root)
    history.git("init", "--quiet", "--initial-branch", "main")
    (root / "stages/study").mkdir(parents=True)
    (root / ".gitignore").write_text("/data/\n")
    room = root / "stages/study/words.py"
    for name, study, epochs in (("one", first, 1), ("two", second, 2)):
        room.write_text(f'"""Words of version {name}."""\n')
        history.write_params(finetune__epochs=epochs)
        shutil.copytree(study / "metrics", root / "metrics", dirs_exist_ok=True)
        history.write_lock(epochs)
        base = history.commit(f"version {name}")
        history.git("tag", name)
    history.write_params(finetune__epochs=3)
    history.write_lock(3)
    history.experiment("three", base)
    return history
