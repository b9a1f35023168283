"""The review of a pull request, without GitHub: does the lock fit, what ran again, what moved."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from stages import review
from stages.comparison.lock import read_lock
from stages.comparison.status import read_status
from stages.comparison.told.review import MARK, told_review
from stages.comparison.versions import open_version
from stages.storage.errors import StudyError
from tests.analysis import small_study
from tests.comparison.history import History
from tests.conftest import ROOT

SCREEN = 45  # lines
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/review.yml").read_text(encoding="utf-8"))
SCRIPT = ROOT / ".github/post_comment.sh"


def dvc(*arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def branch(evaluated_once, tmp_path, monkeypatch) -> History:
    """`main` with the results of training seed 0, and a branch whose params ask for seed 7."""
    root = tmp_path / "study"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    history = History(root)
    history.git("init", "--quiet", "--initial-branch", "main")
    for name in ("stages", ".dvc", "given"):
        kept_out = shutil.ignore_patterns("__pycache__", "tmp", "cache", "*.local")
        shutil.copytree(ROOT / name, root / name, ignore=kept_out)
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, root)
    told = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]["evaluate"]
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"evaluate": told}}))
    small_study.write_study(root, seeds=(0, 7))
    # what evaluate makes of seed 0
    shutil.copytree(evaluated_once / "metrics", root / "metrics", dirs_exist_ok=True)
    shutil.copy(evaluated_once / "data/scores.parquet", root / "data")
    history.write_params(given={})
    dvc("commit", "--force", "--quiet", "evaluate")
    history.commit("the study")
    history.git("checkout", "--quiet", "-b", "another-seed")
    history.write_params(given={}, seeds=[7])
    history.commit("Another training seed")
    return history


def test_a_branch_with_changed_params_ends_in_the_text_of_its_comment(branch):
    version = open_version("main", Path())
    assert read_lock(version).code == {
        path: {version.hash_of(path)} for path in read_lock(version).code
    }  # as dvc has it
    done = CliRunner().invoke(
        review.main, ["main", "--minutes", "5", "--stage", "evaluate", "--out", "comment.md"]
    )
    assert done.exit_code == 1, (done.output, done.exception)  # what was run is not committed
    assert done.output.endswith("wrote comment.md\nthe lock does not fit\n")
    lines = Path("comment.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= SCREEN
    assert lines[0] == MARK and lines[1].startswith("### From main (")
    assert lines[1].endswith(f" to this branch (on {branch.git('rev-parse', 'HEAD')[:7]})")
    assert lines[3] == "**No number moved beyond chance.**"  # 24 inputs, whose rows flip together
    assert lines[5] == (
        "The lock does not fit: 1 cell of evaluate would run again, as seeds changed."
    )
    assert lines[7] == (
        "This runner ran evaluate alone again: the numbers below are of that run, not yet "
        "committed. To mend it: dvc repro, then commit dvc.lock and metrics/."
    )
    text = "\n".join(lines)
    assert "* params: seeds −0 +7" in text
    assert "no training seed in common" in text
    assert re.search(r"\| cross \| 0.500 \| 0.333 \| -0.167 \(-0.\d+ to \+0.\d+\) \|", text)
    assert "careful" not in text
    summary = json.loads(Path("metrics/summary.json").read_text())
    assert summary["cross"] == pytest.approx(1 / 3, abs=1e-4)


def test_a_branch_that_cannot_be_read_is_told_as_such(history, monkeypatch):
    monkeypatch.setattr(review, "_dvc", lambda *arguments: "{}")
    Path("params.yaml").write_text("seed: [")
    done = CliRunner().invoke(review.main, ["one"])
    assert done.exit_code == 1
    lines = Path("comment.md").read_text(encoding="utf-8").splitlines()
    assert lines[1].startswith("### This branch cannot be compared with one (")
    assert lines[3].startswith("**params.yaml of this branch: not YAML: ")


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ((None, ""), "The run was stopped after 5 minutes; the next one goes on from there. The "),
        ((1, "a\nno room\n"), "The run failed, so the numbers below are the committed ones. It "),
    ],
)
def test_of_a_run_that_did_not_end_the_committed_numbers_are_told(
    history, monkeypatch, ended, said
):
    def stopped(*_: object) -> tuple[int | None, str]:
        Path("metrics/summary.json").unlink()  # as dvc does before evaluate
        return ended

    monkeypatch.setattr(review, "_dvc", lambda *arguments: json.dumps(EDITED))
    monkeypatch.setattr(review, "_limited", stopped)
    done = CliRunner().invoke(review.main, ["one", "--minutes", "5"])
    assert done.exit_code == 1, (done.output, done.exception)
    text = Path("comment.md").read_text(encoding="utf-8")
    assert f"to this branch ({history.git('rev-parse', 'HEAD')[:7]}, " in text
    assert "**The results are not those of a run of this branch.**" in text
    assert said in text and "\nThe committed numbers: Self fell by 0." in text


EDITED = {
    "evaluate": [
        {"changed deps": {"params.yaml": {"evaluate.confidence": "modified"}}},
        {"changed deps": {"stages/analysis": "modified", "data/tasks": "deleted"}},
        {"changed outs": {"data/scores.parquet": "deleted", "metrics/summary.json": "modified"}},
    ],
    "predict@a-b": ["changed command", {"changed outs": {"data/predictions": "deleted"}}],
}


def test_what_a_runner_was_not_given_is_no_edit():
    lacking = {"train_self@a": [{"changed deps": {"data/tasks": "deleted"}}]}
    lacking["train_self@a"].append({"changed outs": {"data/adapters/a": "deleted"}})
    found = read_status(json.dumps(lacking))
    assert found.fits and found.lacking == 1
    (block,) = told_review(found, "")
    assert block.text == "The lock fits: all results are of this code and these params."


def test_edits_are_told_by_cell_and_results_that_no_run_made_by_name():
    found = read_status(json.dumps(EDITED))
    assert not found.fits and found.lacking == 2
    told = [block.text for block in told_review(found, "Nothing was run again.")]
    assert told == [
        "The lock does not fit: 2 cells of evaluate and predict would run again, as "
        "evaluate.confidence, analysis and its command changed.",
        "The lock does not fit metrics/summary.json, which no run made so.",
        "Nothing was run again. To mend it: dvc repro, then commit dvc.lock and metrics/.",
    ]


def test_what_dvc_does_not_say_is_an_error():
    for text in ("", "[]", '{"a": 3}', '{"a": [{"changed deps": []}]}'):
        with pytest.raises(StudyError, match="dvc status: not what was expected"):
            read_status(text)


def test_a_run_that_takes_too_long_is_stopped_with_all_that_it_began(tmp_path):
    began = tmp_path / "began"
    code, said = review._limited(
        ["bash", "-c", f"echo here; (sleep 60; touch {began}) & wait"], 0.5
    )
    assert code is None and said == "here\n"
    assert review._limited(["bash", "-c", "echo no; exit 3"], 60) == (3, "no\n")


def steps() -> list[dict]:
    return [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def test_no_text_of_a_pull_request_gets_into_a_command():
    assert all("${{" not in step["run"] for step in steps() if "run" in step)
    told = (ROOT / ".github/workflows/review.yml").read_text(encoding="utf-8")
    assert not re.search(r"\.(title|body|head\.ref|label|user)\b", told)
    assert WORKFLOW[True] == "pull_request"  # YAML reads `on` so; not pull_request_target


def test_the_job_that_runs_the_branch_may_write_nothing_and_the_other_runs_nothing_of_it():
    compare, comment = (WORKFLOW["jobs"][name] for name in ("compare", "comment"))
    assert WORKFLOW["permissions"] == {}
    assert compare["permissions"] == {"contents": "read"}
    assert comment["permissions"] == {"contents": "read", "pull-requests": "write"}
    checkouts = [step["with"] for step in steps() if "checkout" in step.get("uses", "")]
    assert all(told["persist-credentials"] is False for told in checkouts)
    assert checkouts[1]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert [step["run"] for step in comment["steps"] if "run" in step] == [
        "bash .github/post_comment.sh comment.md"
    ]
    (run,) = [step["run"] for step in compare["steps"] if "stages.review" in step.get("run", "")]
    assert run == '.venv/bin/python -m stages.review "$BASE" --minutes "$MINUTES" --out comment.md'


FAKE = """#!/usr/bin/env bash
printf '%s\\n' "$@" >> calls
[[ $2 == --paginate ]] && printf '%s' "$IDS"
exit 0
"""


@pytest.fixture
def post(tmp_path, monkeypatch):
    """Posts comment.md by a `gh` that notes what it was asked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gh").write_text(FAKE)
    (tmp_path / "gh").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"

    def posted(text: str, ids: str = "", number: str = "12", repository: str = "owner/name"):
        Path("comment.md").write_text(text)
        given = {"PATH": path, "NUMBER": number, "REPOSITORY": repository, "IDS": ids}
        done = subprocess.run(
            ["bash", SCRIPT, "comment.md"], env=os.environ | given, capture_output=True, text=True
        )
        calls = Path("calls").read_text().splitlines() if Path("calls").exists() else []
        return done, calls

    return posted


def test_a_first_comment_is_posted_and_a_later_one_takes_its_place(post):
    done, calls = post(f"{MARK}\n$(touch hacked) `touch hacked`\n")
    assert done.returncode == 0, done.stderr
    assert calls[-5:] == [
        *("POST", "repos/owner/name/issues/12/comments"),
        *("--field", "body=@comment.md", "--silent"),
    ]
    done, calls = post(f"{MARK}\nnew", ids="34\n56\n")
    assert calls[-5:-3] == ["PATCH", "repos/owner/name/issues/comments/34"]
    assert not Path("hacked").exists()
    assert any(MARK in call and "github-actions[bot]" in call for call in calls)


@pytest.mark.parametrize(
    "given",
    [
        {"text": "no mark"},
        {"text": f"{MARK}\n{'x' * 70_000}"},
        {"text": MARK, "number": "1; rm"},
        {"text": MARK, "repository": "owner/name/../x y"},
    ],
)
def test_what_is_no_comment_is_not_posted(post, given):
    done, calls = post(**given)
    assert done.returncode == 2 and done.stderr and calls == []
