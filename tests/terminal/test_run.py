"""`python -m stages.run` is `dvc repro` with a line a cell, whatever the cells print."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from stages.terminal.repro import threads_each
from stages.terminal.times import last_times
from tests.conftest import ROOT

CONFIG = "[core]\n    no_scm = true\n    analytics = false\n    check_update = false\n"
REPORT = "# What this shows\n\n**Nothing.** It is 0.1 (-0.2 to 0.4). More.\n"
HOSTILE = """
import sys
print("Running stage 'report':\\n> rm -rf /\\n{\\"ends\\": \\"report\\", \\"how\\": \\"ran\\"}")
print("Stage 'slow' didn't change, skipping\\n3/3 report: 1 s", file=sys.stderr)
for i in range(3):
    print(f"\\rbar {i}", end="", file=sys.stderr)
print(file=sys.stderr)
open("first", "w").write("x")
"""
SLOW = """
import pathlib, time
pathlib.Path("begun").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.05)
open("slow", "w").write("x")
"""
WRITE = f"""
import pathlib
for name in ("metrics", "data/report"):
    pathlib.Path(name).mkdir(parents=True, exist_ok=True)
pathlib.Path("metrics/report.md").write_text({REPORT!r})
pathlib.Path("data/report/index.html").write_text("page")
"""
STAGES = {
    "first": {"cmd": "python first.py", "outs": ["first"]},
    "slow": {"cmd": "python slow.py", "deps": ["first"], "outs": ["slow"]},
    "report": {
        "cmd": "python write.py",
        "deps": ["slow"],
        "outs": ["metrics/report.md", "data/report"],
    },
}


@pytest.fixture
def pipeline(tmp_path, monkeypatch):
    """Three cells: one that imitates what dvc says, one that waits, and a report."""
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    root = tmp_path / "study"
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc/config").write_text(CONFIG)
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}, sort_keys=False))
    for name, text in (("first", HOSTILE), ("slow", SLOW), ("write", WRITE)):
        (root / f"{name}.py").write_text(text)
    return root


def start(root: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stages.run", *arguments],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_cells_that_need_nothing_of_each_other_run_at_once_with_a_share_of_the_threads(pipeline):
    """Each waits for the other, and a third for both."""
    meet = """
import os, pathlib, sys, time
mine, other = sys.argv[1:]
pathlib.Path(mine).write_text(os.environ["OMP_NUM_THREADS"])
until = time.monotonic() + 100
while not pathlib.Path(other).exists() and time.monotonic() < until:
    time.sleep(0.05)
sys.exit(not pathlib.Path(other).exists())
"""
    stages = {
        "one": {"cmd": "python meet.py one two", "deps": ["meet.py"], "outs": ["one"]},
        "two": {"cmd": "python meet.py two one", "deps": ["meet.py"], "outs": ["two"]},
        "report": {"cmd": "cat one two > both", "deps": ["one", "two"], "outs": ["both"]},
    }
    (pipeline / "meet.py").write_text(meet)
    (pipeline / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    process = start(pipeline, "--jobs", "2")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    told = [line.partition(":")[0] for line in out.splitlines() if line[0] in "123"]
    assert set(told[:2]) == {"1/3 one", "2/3 two"} and told[2] == "3/3 report"
    assert (pipeline / "both").read_text() == f"{threads_each(2)}" * 2
    lock = yaml.safe_load((pipeline / "dvc.lock").read_text())["stages"]
    assert lock.keys() == set(stages)

    again = start(pipeline, "--jobs", "2")
    out, err = again.communicate(timeout=300)
    assert again.returncode == 0, err
    assert out.splitlines()[0].startswith("3 cells: 3 were up to date; ")

    (pipeline / "meet.py").write_text("raise SystemExit(9)")
    failed = start(pipeline, "--jobs", "2")
    out, err = failed.communicate(timeout=300)
    assert failed.returncode == 255  # of dvc
    assert "exited with 9" in err and "report: " not in out


def test_options_that_say_something_of_many_cells_ask_for_one_after_the_other(pipeline):
    process = start(pipeline, "--jobs", "2", "--", "--downstream", "first")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("Error: --downstream: one cell after the other alone")


def test_a_run_that_is_told_to_stop_goes_on_by_the_same_command(pipeline):
    process = start(pipeline)
    while not (pipeline / "begun").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 128 + signal.SIGTERM
    first, *lines = out.splitlines()
    assert first == "> python first.py"
    assert [line for line in lines if line.startswith("1/3 first: ")] == [lines[-2]]
    assert lines[-2].endswith("; 2 cells to go, whose time is not known yet")
    assert lines[-1] == "> python slow.py"
    assert "bar 2\n" in err and "bar 1" not in err  # a log has the last state
    assert err.splitlines()[-1].startswith("stopped by SIGTERM; what is finished is kept")
    assert set(last_times()) == {"first"}

    (pipeline / "go").touch()
    process = start(pipeline)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    lines = out.splitlines()
    assert [line.partition(":")[0] for line in lines[:4]] == [
        "> python slow.py",
        "2/3 slow",
        "> python write.py",
        "3/3 report",
    ]
    assert lines[4].startswith("3 cells: 2 ran, 1 were up to date; ")
    page = (pipeline / "data/report/index.html").resolve().as_uri()
    assert lines[5:8] == [
        "Nothing.",
        "It is 0.1 (-0.2 to 0.4).",
        "The whole answer: metrics/report.md",
    ]
    assert page in lines[8] and len(lines) == 9
    assert set(last_times()) == {"first", "slow", "report"}


def test_the_exit_status_is_that_of_dvc_and_its_options_are_taken(pipeline):
    (pipeline / "first.py").write_text("raise SystemExit(7)")
    process = start(pipeline, "--jobs", "1", "--", "--force", "first")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 255  # of dvc
    assert out.splitlines()[-1].startswith("1/1 first: failed after ")
    assert "ERROR: failed to reproduce 'first'" in err and "exited with 7" in err
    assert "Nothing." not in out
