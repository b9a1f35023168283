"""The first screen: 25 lines that say in words what a study shows, or that it cannot show any."""

from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from stages import report
from stages.analysis.rounding import rounded
from stages.analysis.verdict import verdict
from stages.reporting.sections import render, trusted
from stages.storage.files import read_json, write_json
from tests.analysis import sound_study
from tests.analysis.sound_study import DESIGN
from tests.conftest import ROOT, of_this_code, run_command

Numbers = dict[str, Any]
CONTROLS = {"twin": {"held": True}, "own_answers": {"held": True}}


def screen(
    numbers: Numbers,
    copies: Numbers | None = None,
    controls: Numbers | None = None,
    others: Numbers | None = None,
    kept: float | None = None,
    recorded: Numbers | None = None,
) -> str:
    """The first screen of made-up numbers; `others` are those of other_arms over all targets."""
    copies = sound_study.sensitivity() if copies is None else copies
    gaps = sound_study.gaps(kept or numbers["primary"]["corrected"].get("estimate", 0.0))
    targets = rounded(numbers | {"verdict": verdict(numbers, gaps, copies, DESIGN, "third")})
    experiments = {"other_arms": {"targets": {"all": others}}} if others else {}
    return render(
        "first_screen.md.j2",
        targets=targets,
        sensitivity=copies,
        controls=CONTROLS if controls is None else controls,
        **(recorded or {"doses": {}, "runs": {}}),
        experiments=experiments,
    )


def told(shown: str) -> str:
    """The paragraph of the verdict."""
    return shown.splitlines()[2]


def against(similar: float, word: str, same_sign: bool | None) -> Numbers:
    found = {"self_minus_similar": {"corrected": sound_study.estimate(similar, 0.02)}}
    return rounded({"against": found, "verdict": word, "same_sign": same_sign})


@pytest.mark.parametrize(
    ("sizes", "said", "row"),
    [
        (
            (0.1, 0.1, 0.05),
            "**The same base predicts better than another base.**",
            "the same base is ahead, raw and corrected",
        ),
        (
            (-0.1, -0.1, 0.05),
            "**Another base predicts better than the same base.**",
            "another base is ahead, raw and corrected",
        ),
        (
            (0.1, -0.1, 0.05),
            "**There is no advantage of either side: fresh self and cross change places when what "
            "is dealt out is taken off.**",
            "no advantage: raw cross is ahead, corrected fresh self",
        ),
        (
            (0.1, -0.1, 0.15),
            "**Neither is shown to predict better, the same base or another.**",
            "neither is shown to be ahead (raw cross, corrected fresh self)",
        ),
    ],
)
def test_the_verdict_is_told_in_words_and_each_target_has_its_row(sizes, said, row):
    shown = screen(sound_study.numbers(*sizes))
    assert told(shown).startswith(said)
    corrected, raw, half = sizes
    ends = f"({corrected - half:.3f} to {corrected + half:.3f})"
    assert f"Fresh self minus cross, both corrected, is {corrected:.3f} {ends} in this" in shown
    first, second = (
        f"| {target} | 0.500 | {0.4 + corrected:.3f} | {other} 0.400 | 0.200 | 0.100; {other} 0.100"
        f" | 0.950; {other} 0.950 | {raw:.3f} ({raw - half:.3f} to {raw + half:.3f}) | "
        f"{corrected:.3f} {ends} | {row} |"
        for target, other in sound_study.OTHER.items()
    )
    assert first in shown.splitlines() and second in shown.splitlines()
    assert ("What else could explain it" in shown) == ("than" in said and "predicts better" in said)


def test_a_null_says_what_would_have_been_found():
    shown = told(screen(sound_study.numbers(half=0.15)))
    assert "A true difference of 0.070 would have been found four times in five." in shown
    assert (
        "Private answers would have been found: in a copy of left that holds them with certainty "
        "0.970 fresh self is ahead by 0.800 (0.700 to 0.900); in a copy of right" in shown
    )
    assert "Private answers" not in told(screen(sound_study.numbers()))


DOSES = {
    "left": {
        "runs": [
            {"twin": False, "dose": 1, "seed": 0, "certainty": 0.9, "gap": 0.5, "found": True},
            {"twin": False, "dose": 0.5, "seed": 0, "certainty": 0.4, "gap": 0.2, "found": True},
            {"twin": False, "dose": 0.1, "seed": 0, "certainty": 0.1, "gap": 0.0, "found": False},
            {"twin": True, "dose": 1, "seed": 0, "certainty": 0.05, "gap": 0.3, "found": True},
        ],
        "natural": {"animals": 0.05, "stories": 0.5},
    }
}
RUNS = {
    "seeds": [0, 1, 2],
    "targets": {"left": {}, "right": {}},
    "all": {"primary": {"mean": 0.08, "ci_low": 0.02, "ci_high": 0.14, "least": 0.05, "most": 0.1}},
}


def test_it_quotes_how_sure_a_copy_must_be_and_how_far_training_runs_are_apart():
    shown = screen(sound_study.numbers(half=0.15), recorded={"doses": DOSES, "runs": RUNS})
    assert (
        "ahead by 0.800 (0.700 to 0.900), and was in runs with certainty down to 0.400 (natural "
        "tasks: 0.050 to 0.500); in a copy of right" in told(shown)
    )
    assert (
        "| training seeds | 1 | one training run here; over the 3 of docs/training_seeds.json the "
        "corrected gap is 0.080 (0.020 to 0.140), from 0.050 to 0.100 |" in shown.splitlines()
    )


def test_no_number_says_that_there_is_none_and_each_target_why():
    numbers = sound_study.numbers()
    reason = "2 cells are compared; 3 are needed"
    none = {"reason": reason, "cells": 2, "tasks": 1}
    numbers["primary"] = {"corrected": {}, "raw": {}, "targets": {"left": none, "right": none}}
    shown = screen(numbers)
    assert told(shown).startswith("**This study cannot show anything.** What it falls short of: ")
    assert "left: used cells 2 (6 are needed), tasks with used cells 1 (3 are needed)" in shown
    assert shown.count(f"| - | - | no number: {reason} |") == 2
    assert "Fresh self minus cross" not in shown


def test_what_a_study_falls_short_of_is_told_by_target():
    numbers, copies = sound_study.numbers(), sound_study.sensitivity()
    numbers["targets"]["left"] |= {"kept": 0.25}
    numbers["targets"]["left"]["arms"]["cross"]["right"]["ceiling"] = 0.15
    copies["right"]["held"] = 0.4
    shown = screen(numbers, copies)
    assert told(shown).startswith(
        "**This study cannot show anything.** What it falls short of: left: cross (right) with the"
        " answer shown is right 0.150, not over the mode of 0.200, training kept 0.250 of its"
        " answers (at least 0.500 is needed); right: the copy with private answers gives 0.400 of"
        " them (at least 0.900 is needed): it did not take. So what stands below is no finding."
    )
    assert "| targets stayed themselves | NO | " in shown
    assert "| what can be read is read | NO | " in shown
    assert "| private answers are found | NO | " in shown
    assert "| predictors learned | yes | " in shown
    untold = told(screen(sound_study.numbers(), {"right": {"reason": "it is on a server"}}))
    assert "left: whether private answers of a copy of it would be found was not tried;" in untold
    assert "was not tried (it is on a server)." in untold


def test_what_else_could_explain_an_advantage_is_told_until_an_arm_rules_it_out():
    numbers = sound_study.numbers()
    alone = told(screen(numbers))
    assert alone.endswith(
        " What else could explain it: the same base, not the same model: no other training run of"
        " it was asked; self was asked in the second person and cross in the third alone."
    )
    as_well = told(screen(numbers, others=against(0.01, "same_base", True)))
    assert as_well.endswith(
        " What else could explain it: the same base, not the same model: another training run of it"
        " is not shown to predict worse (self minus similar 0.010 (-0.010 to 0.030))."
    )
    differs = told(screen(numbers, others=against(0.01, "persons_differ", False)))
    assert "with both in the second the difference has the other sign" in differs
    knows = told(screen(numbers, others=against(0.1, "self_knowledge", True)))
    assert knows.startswith("**A model predicts what it does better than another model, and better")
    assert "self-knowledge.**" in knows and "What else" not in knows
    for shown in (alone, as_well, differs):
        assert "self-knowledge" not in shown
    numbers["targets"]["left"]["arms"]["cross"]["right"]["corrected"] = sound_study.estimate(0.5)
    more = told(screen(numbers, kept=-0.01))
    assert "right is ahead about every target: it may be the better predictor" in more
    assert "where training kept the answer the difference has not the same sign." in more


def test_the_lights_say_what_they_are_made_of():
    shown = screen(sound_study.numbers(), controls=CONTROLS | {"twin": {"held": False}})
    copy = (
        ": fresh self minus cross 0.800 (0.700 to 0.900), certainty 0.970, answers taken 1.000,"
        " gap of two copies with the same answers 0.010 (-0.040 to 0.060)"
    )
    for line in (
        "| targets stayed themselves | yes | answers to held-out inputs that training kept word for"
        " word: left 0.850, right 0.850 |",
        "| predictors learned | yes | held back over mode: about left self 0.600 over 0.300, fresh"
        " self 0.600 over 0.300, cross (right) 0.600 over 0.300; about right self 0.600 over 0.300,"
        " fresh self 0.600 over 0.300, cross (left) 0.600 over 0.300 |",
        "| cells can show something | yes | left 7 cells in 3 tasks, right 7 cells in 3 tasks; left"
        " out are 2 of 16 cells, 100 of 700 rows |",
        f"| private answers are found | yes | copy of left{copy}; copy of right{copy} |",
        "| controls | NO | twin does NOT hold, own_answers holds |",
    ):
        assert line in shown.splitlines()
    assert "| controls | NO | none was run |" in screen(sound_study.numbers(), controls={})
    seeds = sound_study.numbers() | {"verdict": None}
    assert "| training seeds | 1 | one training run:" in screen(seeds)


def test_with_more_training_seeds_it_is_not_this_training_run():
    numbers = sound_study.numbers()
    numbers["verdict"] = verdict(numbers, [], sound_study.sensitivity(), DESIGN, "third")
    numbers["verdict"]["seeds"] = 3
    empty = {key: {} for key in ("sensitivity", "controls", "experiments", "doses", "runs")}
    shown = render("first_screen.md.j2", targets=rounded(numbers), **empty)
    assert "over 3 training runs" in told(shown) and "this training run" not in shown


def test_it_has_25_lines_at_most_and_the_report_and_its_page_open_with_it(evaluated):
    write_json("metrics/sensitivity.json", sound_study.sensitivity())
    write_json("docs/sensitivity.json", DOSES | {"stranger": DOSES["left"]})
    write_json("docs/training_seeds.json", RUNS | {"targets": {"stranger": {}}})
    run_command(report)
    text = Path("metrics/report.md").read_text(encoding="utf-8")
    first, rest = text.split("## By experiment")
    assert text.startswith("# What this study shows\n") and len(first.splitlines()) <= 25
    page = Path("data/report/index.html").read_text(encoding="utf-8")
    first, picture = first.split("![")
    assert picture.strip().endswith("](../docs/sensitivity.svg)")
    assert trusted(first, markdown=True).strip() in page
    assert "What is found, by how sure the target is of its answers" in page
    assert "natural: animals" in Path("metrics/tables/private_answers.md").read_text(
        encoding="utf-8"
    )
    assert "stranger" not in page and "docs/training_seeds.json" not in page
    assert page.index("<h1>What this study shows") < page.index("<h2>The primary comparison")
    assert "This study cannot show anything." in first
    assert "](tables/comparison.md)" in rest and "None was run." in rest


@of_this_code
def test_the_committed_report_does_too_and_all_its_tables_are_linked_and_short():
    text = (ROOT / "metrics/report.md").read_text(encoding="utf-8")
    assert len(text.split("## By experiment")[0].splitlines()) <= 25
    tokens = [t for token in MarkdownIt().parse(text) for t in token.children or []]
    links = [t.attrGet("href") for t in tokens if t.type == "link_open"]
    tables = {f"tables/{path.name}" for path in (ROOT / "metrics/tables").iterdir()}
    assert tables == {link for link in links if link.startswith("tables/")}
    for path in (ROOT / "metrics/tables").iterdir():
        assert len(path.read_text(encoding="utf-8").splitlines()) < 100
    run = read_json(ROOT / "metrics/targets.json")["verdict"]
    assert ("This study cannot show anything" in text) == (not run["can_show"])
