"""`python -m stages.compare`: two versions of a repository, told as text, Markdown and HTML."""

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from stages import compare
from stages.comparison.versions import open_version
from stages.storage.errors import StudyError
from stages.storage.tables import read_table, write_table
from stages.terminal import closing
from tests.comparison.history import md5

SCREEN = 40  # lines
ROWS, SUMMARY = Path("metrics/rows.parquet"), "metrics/summary.json"
HOSTILE = "\x1b[31m<script>alert(1)</script>|`_*[x](http://a.b)\u202e" + "w" * 500


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(compare.main, arguments)
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def line(told: str, start: str) -> str:
    return next(line for line in told.splitlines() if line.strip().startswith(start))


def test_the_account_says_what_changed_what_moved_and_which_rows_flipped(history):
    told = run("one", "two")
    title, _, verdict = told.splitlines()[:3]
    assert re.fullmatch(r"From one \(\w{7}, [\d-]{10}\) to two \(\w{7}, [\d-]{10}\)", title)
    assert verdict.startswith("Self fell by 0.") and " and the gap fell by 0." in verdict
    assert "; no other number moved beyond chance." in " ".join(told.split())
    assert line(told, "params:") == "  params: finetune.epochs 1 → 2"
    assert line(told, "code ") == "  code that the numbers are made with: study"
    data = "  data: 2 of 2 outputs differ: train_self 1 of 1 and evaluate 1 of 1"
    assert line(told, "data:") == data
    one, two = (json.loads(history.git("show", f"{v}:{SUMMARY}"))["self"] for v in ("one", "two"))
    cells = line(told, "self ").split()
    assert cells[1:4] == [f"{one:.3f}", f"{two:.3f}", f"{two - one:+.3f}"]
    assert "careful" not in told
    assert "animals_long test" not in told  # no text of an input is in git
    assert "targets did something else in 6 of 120 cases" in told
    assert re.search(r"left +self +animals_long +first_word +\d+ +\d+ +24", told)
    assert max(map(len, told.splitlines())) < 200


def test_nothing_is_checked_out(history):
    Path("params.yaml").write_text("seed: [")
    Path("stages/study/words.py").unlink()
    before = history.git("status", "--porcelain"), history.git("rev-parse", "HEAD")
    run("one", "two", "--md")
    assert (history.git("status", "--porcelain"), history.git("rev-parse", "HEAD")) == before


def test_two_versions_of_one_run_say_so(history):
    history.commit("words")
    told = run("two", "HEAD")
    assert "Nothing moved: both have the numbers of one and the same run." in told
    assert "0 of 2 outputs differ" in told and "became right" in told


def test_an_edit_that_nobody_ran_is_told(history):
    history.write_params(finetune__epochs=9)
    Path("stages/study/words.py").write_text("edited = True\n")
    Path("dvc.yaml").write_text("stages: {train_self: {}, evaluate: {}, report: {}}\n")
    told = " ".join(run("two").split())
    assert (
        "careful: the numbers of the working tree were not made with its own files: other code "
        "(study), other params (finetune.epochs), stages that never ran (report); `dvc repro` "
        "makes them anew" in told
    )
    assert "params: finetune.epochs 2 → 9 params that the numbers were made with: the same" in told
    assert "Nothing moved" in told
    assert "params that the numbers were made with: finetune.epochs 1 → 2" in run("one")


def test_a_stage_that_made_something_else_of_the_same_is_named(history):
    lock = yaml.safe_load(Path("dvc.lock").read_text())["stages"]
    lock["train_self@left"]["outs"][0]["md5"] = lock["evaluate"]["deps"][0]["md5"] = "0" * 32
    history.lock(lock)
    told = " ".join(run("two").split())
    assert "Nothing moved: every answer that counts is the same in both." in told
    assert "1 of 2 outputs differ: train_self 1 of 1" in told
    same = "made anew of the same code, params and data, and yet other: train_self; another"
    assert same in told


def test_numbers_made_otherwise_of_the_same_answers_are_no_change_of_answers(history):
    lock = yaml.safe_load(Path("dvc.lock").read_text())["stages"]
    lock["evaluate"]["deps"] += [
        {"path": f"data/{name}", "hash": "md5", "md5": "1" * 32 + ".dir"}
        for name in ("behavior", "predictions")
    ]
    history.lock(lock)
    history.commit("before")
    lock["evaluate"]["deps"].append({"path": "stages/analysis", "hash": "md5", "md5": "2" * 32})
    summary = json.loads(Path(SUMMARY).read_text())
    Path(SUMMARY).write_text(json.dumps(summary | {"mode": summary["mode"] + 0.01}))
    lock["evaluate"]["outs"][0]["md5"] = md5(Path(SUMMARY))
    history.lock(lock)
    history.commit("after")
    told = " ".join(run("HEAD~1", "HEAD").split())
    assert (
        "Every answer that counts is the same in both: numbers that differ were made of them "
        "otherwise." in told
    )
    assert "evaluate makes numbers of the same answers otherwise: analysis changed" in told
    assert "the two do not share, or how evaluate makes numbers, move headline numbers" in told
    for commit in ("HEAD~1", "HEAD"):
        history.git("checkout", "--quiet", commit)
        ROWS.unlink()
        history.commit("no rows")
        history.git("tag", f"without-{commit.count('~')}")
        history.git("checkout", "--quiet", "main")
    told = " ".join(run("without-1", "without-0").split())
    assert "the mode went from" in told.lower()
    assert ", but no answer differs: the numbers are made of them otherwise." in told


def test_an_experiment_is_compared_by_its_name(history):
    told = run("two", "three")
    assert "to three (" in told and "params: finetune.epochs 2 → 3" in told


def test_a_comment_fits_on_a_screen_and_is_markdown(history):
    told = run("one", "two", "--md")
    lines = told.splitlines()
    assert lines[0].startswith("### From one (") and lines[2].startswith("**Self fell by 0.")
    assert len(lines) <= SCREEN
    table = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert "* params: finetune.epochs 1 → 2" in lines


def test_a_page_holds_the_account_and_a_picture(history):
    told = run("one", "two", "--html", "out/page.html", "--picture", "out/picture.svg")
    assert "wrote out/page.html" in told
    page, drawn = Path("out/page.html").read_text(), Path("out/picture.svg").read_text()
    assert drawn.startswith("<svg") and drawn in page
    assert "<h1>From one (" in page and "<li>params: finetune.epochs 1 → 2</li>" in page
    assert "://" not in re.sub(r'xmlns(:xlink)?="[^"]*"', "", page)


def test_what_models_say_is_shown_and_acts_nowhere(history):
    rows = read_table("rows", ROWS)
    for row in rows:
        if row["kind"] == "self" and row["used"]:
            row.update(answer=HOSTILE, correct=False)
    write_table("rows", rows, ROWS)
    text, md = run("two"), run("two", "--md")
    run("two", "--html", "page.html")
    assert "\\u001b[31m" in text and "\x1b" not in text and "\u202e" not in text
    assert "<script>" not in md
    page = Path("page.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert max(map(len, text.splitlines())) < 300


def test_versions_without_rows_stand_side_by_side(history):
    for name in ("rows.parquet", "targets.json"):
        Path("metrics", name).unlink()
    history.commit("no rows")
    told = " ".join(run("one", "HEAD").split())
    assert re.search(r"[Ss]elf went from 0\.\d+ to 0\.\d+.* and the gap went from 0\.", told)
    assert "; whether that is beyond chance cannot be told: HEAD has no rows." in told
    assert "HEAD has no rows in git (metrics/rows.parquet), so numbers stand side by side" in told
    assert "p (corrected)" not in told
    run("HEAD", "one", "--same", code=1)


OLD = [
    {
        "self_accuracy": 0.25,
        "cross_accuracy": 0.3,
        "gap": {"estimate": -0.05, "ci_low": -0.09, "ci_high": 0.002, "inputs": 96},
        "baseline": {"mode": 0.55, "text_classifier": 0.07, "untrained_self": 0.02},
        "targets": {
            "a": {"fresh_self": 0.25, "behavior_drift": 0.2},
            "b": {"fresh_self": 0.35, "behavior_drift": 0.5},
        },
    },
    {"self": 0.25, "cross": 0.3, "gap": -0.05, "gap_low": -0.09, "gap_high": 0.002, "mode": 0.55}
    | {"fresh_self": 0.3, "drift": 0.35, "untrained": 0.02, "text_classifier": 0.07, "inputs": 96},
]


@pytest.mark.parametrize("summary", OLD, ids=["nested", "flat"])
def test_numbers_of_any_time_are_found_where_they_stood(history, summary):
    ROWS.unlink()
    Path("metrics/summary.json").write_text(json.dumps(summary))
    history.commit("old")
    told = run("HEAD", "one")
    expected = {"self": "0.250", "cross": "0.300", "mode": "0.550", "fresh_self": "0.300"}
    expected |= {"drift": "0.350", "untrained": "0.020", "text_classifier": "0.070", "inputs": "96"}
    for name, value in expected.items():
        assert line(told, f"{name} ").split()[1] == value
    assert "-0.050 (-0.090 to 0.002)" in line(told, "gap ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "nowhere: neither a revision of git nor an experiment of dvc"),
        ("-x", "No such option"),
        ("", "'' names no version"),
        ("HEAD\nx", "names no version"),
        ("two:params.yaml", "neither a revision"),
        ("empty", "metrics/summary.json is not there or has no headline number"),
    ],
)
def test_what_is_no_version_is_one_line(history, name, message):
    history.git("rm", "-r", "--quiet", "metrics")
    history.commit("no metrics")
    history.git("tag", "empty")
    done = CliRunner().invoke(compare.main, [name, "two"])
    assert done.exit_code in (1, 2) and message in done.output.strip().splitlines()[-1]


def test_two_experiments_of_one_name_are_told_apart_by_their_hashes(history):
    one = history.git("rev-parse", "one")
    Path("new.txt").write_text("new")
    commit = history.experiment("three", one)
    with pytest.raises(StudyError, match="three: 2 experiments are called so"):
        open_version("three", Path())
    assert open_version(commit[:10], Path()).commit == commit


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("metrics/summary.json", "[1]"),
        ("metrics/summary.json", "{"),
        ("metrics/rows.parquet", "no parquet"),
        ("params.yaml", "a: [\n"),
        ("params.yaml", "evaluate: {confidence: 7}\n"),
        ("dvc.lock", "stages: {a: {deps: 3}}\n"),
    ],
)
def test_a_broken_file_of_a_version_is_named(history, path, content):
    Path(path).write_text(content)
    told = run("one", code=1)
    assert told.strip().splitlines()[-1].startswith(f"Error: {path} of the working tree: ")


def change_rows(which, **changed) -> None:
    rows = read_table("rows", ROWS)
    for row in rows:
        if which(row):
            row.update(changed)
    write_table("rows", rows, ROWS)


def test_the_same_run_again_is_the_same_within_rounding(history):
    told = run("two", "--same")
    assert "The same within rounding: " in told and " 0 differ at a near tie." in told


def test_an_answer_of_m_may_differ_at_a_near_tie_alone(history):
    rows = read_table("rows", ROWS)
    key = min(row["input_id"] for row in rows if row["kind"] == "own_behavior")
    which = {"kind": "own_behavior", "input_id": key}
    change_rows(lambda row: which.items() <= row.items(), answer="yak")
    told = run("two", "--same", code=1)
    assert "of M's own answers differ, and no near tie accounts for it" in told
    assert f"of input {key} of task" in told
    change_rows(lambda row: which.items() <= row.items(), near_tie=True)
    assert "The same within rounding" in run("two", "--same")


def test_numbers_that_moved_beyond_chance_or_far_are_not_the_same(history):
    told = run("one", "two", "--same", code=1)
    assert "Not the same within rounding" in told
    assert re.search(r"self is 0\.\d+ and 0\.\d+: over 0\.02 apart", told)


def test_other_inputs_are_not_the_same(history):
    rows = read_table("rows", ROWS)
    write_table("rows", [row for row in rows if row["input_id"] > "2"], ROWS)
    told = " ".join(run("two", "--same", code=1).split())
    assert re.search(r"of the [\d,]+ rows of the first version are not in the other", told)


def test_no_number_is_said_to_have_stayed_where_the_rows_of_both_are_too_few(history):
    """As where another seed draws other inputs."""
    rows = read_table("rows", ROWS)
    kept = min(row["input_id"] for row in rows)
    for row in rows:
        if row["input_id"] != kept:
            row["input_id"] = f"x{row['input_id']}"
    write_table("rows", rows, ROWS)
    told = " ".join(run("one").split())
    both = sum(row["input_id"] == kept for row in rows)
    says = f"No number can be told from chance: {both} rows in both versions, too few for one."
    assert says in told and "beyond chance" not in told and "Holm" not in told


def test_a_sweep_is_one_curve_over_the_param_that_differs(history):
    told = run("one", "two", "three", "--html", "sweep.html")
    title, _, verdict = told.splitlines()[:3]
    assert title == "3 versions by finetune.epochs"
    assert verdict == "No primary comparison has an interval."
    rows = [row.split() for row in told.splitlines() if re.match(r"  \d ", row)]
    assert [row[:2] for row in rows] == [["1", "one"], ["2", "two"], ["3", "three"]]
    summary = json.loads(history.git("show", "two:metrics/summary.json"))
    assert f"{summary['self']:.3f}" in rows[1] and "to" in rows[1]
    page = Path("sweep.html").read_text()
    assert "accuracy, by finetune.epochs" in page and "<h1>3 versions by finetune.epochs" in page


def test_a_sweep_of_all_experiments_needs_no_names(history):
    history.write_params(finetune__epochs=4, seeds=[5])
    history.experiment("four", history.git("rev-parse", "HEAD"))
    told = run("--sweep", "--picture", "sweep.svg")
    assert told.splitlines()[0] == "2 versions by finetune.epochs"
    assert "The versions differ in seeds, too" in told
    assert Path("sweep.svg").read_text().startswith("<svg")


def test_versions_with_one_value_are_put_together_as_trainings_of_their_own(history):
    history.write_params(finetune__epochs=1, seeds=[5])
    history.git("checkout", "--quiet", "one", "--", "metrics")
    history.experiment("again", history.git("rev-parse", "HEAD"))
    told = run("one", "again", "two")
    rows = [row.split() for row in told.splitlines() if re.match(r"  \d ", row)]
    assert [row[0] for row in rows] == ["1", "2"] and "one and again" in told
    alone = [row.split() for row in run("one", "two", "--sweep").splitlines() if row[:4] == "  1 "]
    # The same rows twice: the means are the same, and so are the inputs that intervals rest on.
    assert rows[0][4:] == alone[0][2:]


@pytest.mark.parametrize(
    ("arguments", "following"),
    [
        ((), "next: docs/compare.md says how to read it; --html FILE draws it, --md is for a "),
        (("--picture", "a.svg"), "wrote a.svg\nnext: open a.svg in a browser\n"),
        (("--md",), "next: the same command with `> comment.md` keeps it; docs/compare.md says"),
        (("--same",), 'next: docs/compare.md, "Is it the same result?", says what rounding'),
    ],
)
def test_a_person_is_told_what_is_next_and_not_in_the_text(
    history, monkeypatch, arguments, following
):
    monkeypatch.setattr(closing, "given_by_a_person", lambda: True)
    done = CliRunner().invoke(compare.main, ["two", *arguments])
    assert done.stderr.startswith(following) and done.stdout.startswith(("From two (", "### From"))
    assert "next: " not in done.stdout and "wrote" not in done.stdout


@pytest.mark.parametrize("arguments", [(), ("one", "two", "three", "--same")])
def test_what_cannot_be_compared_so_is_a_wrong_use(history, arguments):
    assert "Usage: " in run(*arguments, code=2)


def test_the_texts_of_inputs_are_shown_where_this_folder_has_them(history, evaluated_once):
    Path("data").symlink_to(evaluated_once / "data")
    assert "animals_long: animals_long test" in run("one", "two")
