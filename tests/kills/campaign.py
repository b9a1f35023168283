"""A tiny study whose stages are killed at drawn moments must end in the files of one that was not.

A kill is drawn by its round, cell and attempt, so that a campaign that is itself stopped goes on
where it was: what was done stands in `kills.jsonl`, the studies and their caches lie beside it.
"""

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from stages.storage.files import DAMAGED, GONE, PARTIAL
from stages.storage.locks import LOCK
from tests.conftest import Study, existing_study, new_study, small_params
from tests.tiny_pair import tiny_pair

INSIDE = Path(__file__).parent / "inside"
LEFT = (PARTIAL, GONE, LOCK)
SAID = "stopped by SIGTERM; what is finished is kept"
ROUNDS = 99
# Three more controls and four more experiments are the same code again.
LEFT_OUT = (
    "control@twin",
    "control@from_prompt",
    "control@scrambled",
    "evaluate_controls",
    "report",
)
EXPERIMENTS = ["scaling"]
ATTEMPTS = 3  # kills of a cell, one after the other


@dataclass(frozen=True)
class Kill:
    """When the command of a cell gets which signal: after so many seconds of processor time, or at
    its n-th change of a file.

    `group` sends it to all that `dvc repro` started and to dvc itself.
    """

    cell: str
    signal: str
    group: bool = False
    after: float | None = None
    change: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a kill: where it hit (None: the command ended first), and what it left."""

    hit: str | None
    left: list[str]
    said: bool


@dataclass(frozen=True)
class Killed:
    """A study with a cache and a temp folder of its own, whose commands can be killed."""

    study: Study
    folder: Path

    @classmethod
    def at(cls, folder: Path, models: dict[str, Any]) -> "Killed":
        """The study in a folder, made where it is not there yet."""
        if not (folder / "ready").exists():
            study = new_study(folder / "study", folder / "cache")
            params = small_params(models)
            params["experiments"]["run"] = EXPERIMENTS
            study.write_params(params)
            (folder / "temp").mkdir()
            (folder / "ready").touch()
        return cls(existing_study(folder / "study", folder / "cache"), folder)

    def repro(self, cell: str, told: dict[str, Any] | None = None) -> tuple[int, str]:
        """Run a cell by the one command that is given again after each kill."""
        told = told or {}
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        more = {
            "KILL": json.dumps(told | {"cell": cell, "report": str(report)} if told else {}),
            "PYTHONPATH": f"{INSIDE}{os.pathsep}{self.study.root}",
            "TMPDIR": str(self.folder / "temp"),
        }
        study = replace(self.study, environment=self.study.environment | more)
        process = study.start(sys.executable, "-m", "dvc", "repro", "--single-item", cell)
        output, _ = process.communicate()  # which ends when the last process of the group does
        return process.returncode, output

    def reported(self) -> dict[str, Any]:
        report = self.folder / "report.json"
        return json.loads(report.read_text()) if report.exists() else {}

    def kill(self, kill: Kill) -> Outcome:
        told, before = asdict(kill), self.left()
        _, output = self.repro(told.pop("cell"), told)
        left = [name for name in self.left() if name not in before]
        return Outcome(self.reported().get("hit"), left, SAID in output)

    def finish(self, cell: str) -> None:
        code, output = self.repro(cell)
        assert code == 0, f"{cell}\n{output[-6000:]}"

    def measure(self, cell: str) -> dict[str, Any]:
        """Processor seconds that the command of a cell works, and how many files it changes."""
        code, output = self.repro(cell, {"measure": True})
        assert code == 0, f"{cell}\n{output[-6000:]}"
        return self.reported()

    def left(self) -> list[str]:
        """What is half made or locked in the study and its cache, and all in its temp folder."""
        places = [self.folder / "cache", *(self.study.root / n for n in ("data", "metrics"))]
        found = [p for place in places for p in place.rglob("*") if _is_left(p.name)]
        found += list((self.folder / "temp").iterdir())
        return sorted(str(path.relative_to(self.folder)) for path in found)

    def outputs(self) -> dict[str, str]:
        """The hash of each output."""
        text = (self.study.root / "dvc.lock").read_text(encoding="utf-8")
        cells = yaml.safe_load(text)["stages"].values()
        return {o["path"]: o["md5"] for cell in cells for o in cell.get("outs", [])}


def _is_left(name: str) -> bool:
    return name.endswith(LEFT) or DAMAGED in name


class Campaign:
    """Rounds of kills until there were `count` of them, in a folder of its own."""

    def __init__(self, folder: Path, count: int, seed: int, cells: Sequence[str] = ()) -> None:
        self.folder, self.count, self.seed = folder, count, seed
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "kills.jsonl"
        self.models = tiny_pair(folder)
        self.reference = Killed.at(folder / "reference", self.models)
        listed = self.reference.study.dvc("stage", "list", "--name-only").split()
        self.cells = [cell for cell in listed if cell in (cells or set(listed) - {*LEFT_OUT})]

    def done(self) -> list[dict[str, Any]]:
        """The kills of before, in their order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]

    def hits(self) -> int:
        return sum(line["hit"] is not None for line in self.done())

    def measured(self) -> dict[str, dict[str, Any]]:
        """The study that nobody stops, and what there is to hit in each of its cells."""
        path = self.folder / "measured.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        for cell in self.cells:
            if cell not in known:
                print(f"reference: {cell}", flush=True)
                known[cell] = self.reference.measure(cell)
                path.write_text(json.dumps(known))
        return known

    def rounds(self) -> Iterator[tuple[int, bool, list[str]]]:
        """Each round's number, whether it ended in the same files, and what it left."""
        measured = self.measured()
        wanted = self.reference.outputs()
        for number in range(ROUNDS):
            killed = Killed.at(self.folder / f"round-{number}", self.models)
            for cell in self.cells:
                self._kills(number, cell, killed, measured[cell])
                killed.finish(cell)
            yield number, killed.outputs() == wanted, killed.left()
            if self.hits() >= self.count:
                return

    def _kills(self, number: int, cell: str, killed: Killed, there: dict[str, Any]) -> None:
        before = {(line["round"], line["cell"], line["attempt"]): line for line in self.done()}
        for attempt in range(ATTEMPTS):
            kill = self._drawn(number, cell, attempt, there)
            line = before.get((number, cell, attempt))
            if line is None and self.hits() < self.count:
                outcome = killed.kill(kill)
                line = {"round": number, "attempt": attempt} | asdict(kill) | asdict(outcome)
                with self.log.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                told = f"{kill.signal}{' to all' if kill.group else ''}"
                print(
                    f"{self.hits()}: {cell}: {told}: {outcome.hit}; left: {outcome.left}",
                    flush=True,
                )
            if line is None or line["hit"] is None:
                return

    def _drawn(self, number: int, cell: str, attempt: int, there: dict[str, Any]) -> Kill:
        draw = random.Random(f"{self.seed} {number} {cell} {attempt}")
        kill = Kill(cell, draw.choice(["SIGKILL", "SIGTERM"]), group=draw.random() < 0.5)
        share = draw.random() / (attempt + 1)  # what was done before a kill is not done again
        if draw.random() < 0.5:
            return replace(kill, after=round(share * there["seconds"], 4))
        return replace(kill, change=1 + int(share * there["changes"]))

    def summary(self) -> str:
        """What was hit, and what went wrong."""
        lines = [line for line in self.done() if line["hit"] is not None]
        stages = Counter(line["cell"].partition("@")[0] for line in lines)
        terms = [line for line in lines if line["signal"] == "SIGTERM"]
        kept = sum(bool(line["left"]) for line in lines if line["signal"] == "SIGKILL")
        return (
            f"{len(lines)} kills, {len(terms)} of them SIGTERM, {len(self.done()) - len(lines)} "
            f"misses\nstages: {', '.join(f'{n} {stage}' for stage, n in sorted(stages.items()))}\n"
            f"SIGTERM without its line: {sum(not line['said'] for line in terms)}; that left "
            f"something: {sum(bool(line['left']) for line in terms)}; SIGKILL that left what the "
            f"next run took away: {kept}"
        )
