"""The first screen: 25 lines that say in words what a study shows, or that it cannot show any."""

from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from stages import report
from stages.analysis.rounding import rounded
from stages.analysis.verdict import verdict
from stages.params import load_params
from stages.reporting.doses import found_from
from stages.reporting.sections import render
from stages.storage.files import read_json, write_json
from tests.analysis import sound_study
from tests.analysis.sound_study import DESIGN
from tests.conftest import ROOT, run_command

Numbers = dict[str, Any]
SETTLED = {"doses": True, "runs": True}
CONTROLS = {"twin": {"held": True}, "own_answers": {"held": True}}


def screen(
    numbers: Numbers,
    copies: Numbers | None = None,
    controls: Numbers | None = None,
    others: Numbers | None = None,
    kept: float | None = None,
    recorded: Numbers | None = None,
    rehearsed: bool = False,
) -> str:
    """The first screen of made-up numbers; `others` are those of other_arms over all targets."""
    copies = sound_study.sensitivity() if copies is None else copies
    gaps = sound_study.gaps(kept or numbers["primary"]["corrected"].get("estimate", 0.0))
    told = verdict(numbers, gaps, copies, DESIGN, person="third", rehearsed=rehearsed)
    return render(
        "first_screen.md.j2",
        targets=rounded(numbers | {"verdict": told}),
        sensitivity=copies,
        controls=CONTROLS if controls is None else controls,
        **({"doses": {}, "runs": {}, "settled": SETTLED} | (recorded or {})),
        others={"all": others, "left": others} if others else {},
    )


def told(shown: str) -> str:
    """The paragraph of the verdict."""
    return shown.splitlines()[2]


def against(
    similar: float,
    word: str,
    same_sign: bool | None,
    *,
    agree: bool = True,
    informed: float | None = None,
) -> Numbers:
    found = {"self_minus_similar": {"corrected": sound_study.estimate(similar, 0.02)}}
    found["self_minus_similar"]["agree"] = agree
    if informed is not None:
        of_informed = {"corrected": sound_study.estimate(informed, 0.02), "agree": True}
        found["fresh_self_minus_cross_informed"] = of_informed
    return rounded({"against": found, "verdict": word, "same_sign": same_sign})


@pytest.mark.parametrize(
    ("sizes", "said", "row"),
    [
        (
            (0.1, 0.1, 0.05),
            "**The same base predicts better than another base; that it knows itself is not "
            "shown.**",
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
            {"twin": False, "dose": 0.4, "seed": 1, "certainty": 0.5, "gap": 0.0, "found": False},
            {"twin": False, "dose": 0.1, "seed": 0, "certainty": 0.1, "gap": 0.0, "found": False},
            {"twin": False, "dose": 1, "seed": 7, "reason": "no weights"},
            {"twin": True, "dose": 1, "seed": 0, "certainty": 0.05, "gap": 0.3, "found": True},
        ],
        "natural": {"animals": 0.05, "stories": 0.5},
    }
}
RUN_THAT_FOUND = {"certainty": 0.01, "found": True}
RUNS = {
    "seeds": [0, 1, 2],
    "targets": {"left": {}, "right": {}},
    "all": {"primary": {"mean": 0.08, "ci_low": 0.02, "ci_high": 0.14, "least": 0.05, "most": 0.1}},
}


def test_it_quotes_how_sure_a_copy_must_be_and_how_far_training_runs_are_apart():
    shown = screen(sound_study.numbers(half=0.15), recorded={"doses": DOSES, "runs": RUNS})
    assert (
        "ahead by 0.800 (0.700 to 0.900), and was found in 2 of 4 runs, in all with certainty of "
        "0.900 or more (natural tasks: 0.050 to 0.500); in a copy of right" in told(shown)
    )
    assert (
        "| training seeds | 1 | one training run here; over the 3 of docs/training_seeds.json the "
        "corrected gap is 0.080 (0.020 to 0.140), from 0.050 to 0.100 |" in shown.splitlines()
    )


def test_what_is_kept_of_other_settings_is_said_to_be():
    recorded = {"doses": DOSES, "runs": RUNS, "settled": {"doses": False, "runs": False}}
    shown = screen(sound_study.numbers(half=0.15), recorded=recorded)
    assert "(0.700 to 0.900), and (other settings) was found in 2 of 4 runs" in told(shown)
    assert (
        "over the 3 of docs/training_seeds.json, which are of other settings, the corrected gap is"
        in shown
    )


@pytest.mark.parametrize(
    ("outcomes", "least"),
    [
        ([(0.2, True), (0.4, True)], 0.2),
        ([(0.2, True), (0.4, False), (0.6, True), (0.8, True)], 0.6),
        ([(0.4, True), (0.4, False)], None),
        ([(0.4, True), (0.9, False)], None),
        ([], None),
    ],
)
def test_private_answers_are_found_from_where_every_run_found_them(outcomes, least):
    runs = [{"certainty": certainty, "found": found} for certainty, found in outcomes]
    told_of = found_from([*runs, {"reason": "no weights"}, {"twin": True, **RUN_THAT_FOUND}])
    counts = (sum(found for _, found in outcomes), len(outcomes))
    assert (told_of["found"], told_of["runs"]) == counts
    assert told_of.get("least") == least


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
    numbers["targets"]["left"]["kept_by_task"]["v"] = 0.25
    numbers["targets"]["left"]["arms"]["cross"]["right"]["ceiling"] = 0.15
    copies["right"]["held"] = 0.4
    shown = screen(numbers, copies)
    assert told(shown).startswith(
        "**This study cannot show anything.** What it falls short of: left: cross (right) with the"
        " answer shown is right 0.150, not over the mode of 0.200, training kept 0.250 of its"
        " answers in v (at least 0.500 is needed in each task with used cells); right:"
        " the copy with private answers gives 0.400 of them (at least 0.900 is needed): it did not"
        " take. So what stands below is no finding."
    )
    assert "| targets stayed themselves | NO | " in shown
    assert "| what can be read is read | NO | " in shown
    assert "| private answers are found | NO | " in shown
    assert "| predictors learned | yes | " in shown
    assert shown.count("| nothing is claimed |") == 2
    assert "predicts better" not in shown and "What else" not in shown
    copies = {"right": {"reason": "it is on a server"}}
    untold = told(screen(sound_study.numbers(), copies))
    assert "left: whether private answers of a copy of it would be found was not tried." in untold
    assert "could not be tried for right (it is on a server)." in untold


def test_where_nothing_can_be_shown_no_power_is_claimed_of_a_null():
    numbers = sound_study.numbers(half=0.15)
    assert "would have been found" in told(screen(numbers))
    numbers["targets"]["left"]["kept_by_task"]["v"] = 0.25
    shown = told(screen(numbers))
    assert "would have been found" not in shown and "is 0.100 (-0.050 to 0.250) in this" in shown


def test_a_model_of_which_no_copy_can_be_made_is_named_beside_what_is_shown():
    copies = sound_study.sensitivity() | {"right": {"reason": "it is on a server"}}
    shown = told(screen(sound_study.numbers(half=0.15), copies))
    assert shown.startswith("**Neither is shown to predict better, the same base or another.** ")
    assert (
        "Whether private answers would be found could not be tried for right (it is on a server)."
        in shown
    )
    assert shown.count("in a copy of ") == 1
    every = {model: {"reason": "it is on a server"} for model in copies}
    none = screen(sound_study.numbers(half=0.15), every)
    assert "could not be tried for left (it is on a server), right (it is" in told(none)
    assert "| private answers are found | not tried | " in none


def test_what_else_could_explain_an_advantage_is_told_until_an_arm_rules_it_out():
    numbers = sound_study.numbers()
    alone = told(screen(numbers))
    assert alone.endswith(
        " What else could explain it: the same base, not the same model: no other training run of"
        ' it was asked; the words of the question: self was asked about "you", cross about the'
        " target by its name alone."
    )
    as_well = told(screen(numbers, others=against(0.01, "same_base", True)))
    assert as_well.endswith(
        " What else could explain it: the same base, not the same model: another training run of it"
        " is not shown to predict worse (self minus similar 0.010 (-0.010 to 0.030))."
    )
    only_corrected = told(screen(numbers, others=against(0.1, "same_base", True, agree=False)))
    assert "only when what is dealt out is taken off (self minus similar 0.100" in only_corrected
    one_person = told(screen(numbers, others=against(0.1, "one_person", None)))
    assert "not the same model" not in one_person
    knows = told(screen(numbers, others=against(0.1, "self_knowledge", True)))
    assert knows.startswith("**A model predicts what it does better than another model, and better")
    assert "self-knowledge.**" in knows and "What else" not in knows
    for shown in (alone, as_well, only_corrected, one_person):
        assert "self-knowledge" not in shown
    numbers["targets"]["left"]["arms"]["cross"]["right"]["corrected"] = sound_study.estimate(0.5)
    more = told(screen(numbers, kept=-0.01))
    assert (
        "What else could explain it: right is ahead about every target: it may be the better"
        " predictor, of whomever; the same base, not the same model" in more
    )
    assert (
        "where training kept the answer self is not shown to be ahead (-0.010 (-0.060 to 0.040))."
        in more
    )


def test_targets_that_differ_in_who_is_ahead_are_told_with_the_better_predictor():
    numbers = sound_study.numbers()
    against_self = sound_study.compared(-0.1, -0.1, 0.05)
    numbers["primary"]["targets"]["left"] = against_self
    shown = told(screen(numbers))
    assert shown.startswith(
        "**The same base predicts better than another base, in the mean over targets; that it knows"
        " itself is not shown.**"
    )
    assert " About right the same base is ahead, about left another base. What else" in shown
    numbers["targets"]["left"]["arms"]["cross"]["right"]["corrected"] = sound_study.estimate(0.5)
    assert ", about left another base: right predicts every target best. " in told(screen(numbers))
    assert "About right" not in told(screen(sound_study.numbers()))
    turned = told(screen(numbers, others=against(0.01, "persons_differ", False)))
    assert "There is no advantage of either side" in turned and "About right" not in turned


def test_what_is_rehearsed_is_ruled_out_by_a_cross_that_rehearsed_the_same():
    numbers = sound_study.numbers()
    words = "fresh self rehearses answers that are mostly the target's"
    assert "no cross that rehearsed those of the target was asked" in told(
        screen(numbers, rehearsed=True)
    )
    behind = against(0.1, "self_knowledge", True, informed=0.03)
    assert words not in told(screen(numbers, others=behind, rehearsed=True))
    level = told(
        screen(numbers, others=against(0.1, "self_knowledge", True, informed=0.02), rehearsed=True)
    )
    assert f"{words}, and a cross that rehearsed those of the target is not shown" in level
    assert "(fresh self minus informed cross 0.020 (0.000 to 0.040))" in level
    assert words not in told(screen(numbers))


@pytest.mark.parametrize("size", [0.1, -0.1])
def test_where_the_second_person_turns_the_sign_nothing_is_said_to_predict_better(size):
    others = against(0.01, "persons_differ", False)
    shown = screen(sound_study.numbers(size, size), others=others)
    assert told(shown).startswith(
        "**There is no advantage of either side: fresh self and cross change places when cross is "
        "taught and asked in the second person.**"
    )
    assert "predicts better" not in shown and "What else" not in shown
    assert shown.count("no advantage: with cross in the second person the other is ahead") == 1
    confirmed = told(screen(sound_study.numbers(size, size), others=against(0.01, "", True)))
    assert "predicts better" in confirmed and "person" not in confirmed


def test_the_lights_say_what_they_are_made_of():
    shown = screen(sound_study.numbers(), controls=CONTROLS | {"twin": {"held": False}})
    copy = (
        ": fresh self minus cross 0.800 (0.700 to 0.900), certainty 0.970, answers taken 1.000,"
        " gap of two copies with the same answers 0.010 (-0.040 to 0.060)"
    )
    hits = "0.600 over 0.300 (p 0.001)"
    for line in (
        "| targets stayed themselves | yes | in each task with used cells training kept at least"
        " half of the answers, word for word as far as they are read; the least: left 0.700 (v),"
        " right 0.700 (v) |",
        "| predictors learned | yes | more labels that were held back than the most common ones"
        " would hit (exact one-sided binomial p under 0.05, both sides of the comparison): about"
        f" left self {hits}, fresh self {hits}, cross (right) {hits}; about right self {hits},"
        f" fresh self {hits}, cross (left) {hits} |",
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
    copies = sound_study.sensitivity()
    told_of = verdict(numbers, [], copies, DESIGN, person="third", rehearsed=True)
    numbers["verdict"] = told_of | {"seeds": 3}
    empty = {key: {} for key in ("sensitivity", "controls", "others", "doses", "runs")}
    shown = render("first_screen.md.j2", targets=rounded(numbers), settled=SETTLED, **empty)
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
    others = "These runs are of other settings."
    assert picture.strip().endswith(f"](../docs/sensitivity.svg) {others}") and others in page
    assert "How sure must a target be of its answers so that they are found?" in page
    assert "natural: animals" in Path("metrics/tables/private_answers.md").read_text(
        encoding="utf-8"
    )
    assert "stranger" not in page and "docs/training_seeds.json" not in page
    assert page.index(">What this study shows<") < page.index("<h3>The primary comparison")
    assert "This study cannot show anything." in first
    assert "](tables/comparison.md)" in rest and "None was run." in rest
    these = {"settings": load_params().settled()}
    write_json("docs/sensitivity.json", DOSES | these)
    write_json("docs/training_seeds.json", RUNS | these)
    run_command(report)
    text = Path("metrics/report.md").read_text(encoding="utf-8")
    assert "other settings" not in text and "docs/training_seeds.json the corrected gap" in text
    assert "no weights" in Path("metrics/tables/private_answers.md").read_text(encoding="utf-8")


def keep_other_arms(settings: str, name: str = "left") -> Numbers:
    """Numbers of other_arms with its points and rows, as if they had been made once."""
    found = against(0.1, "persons_differ", False)
    own = found | {"arms": [], "mode": {}}
    numbers = {"targets": {name: own, "right": own, "all": found}, "settings": settings}
    write_json("metrics/experiments/other_arms.json", numbers)
    for folder in ("plots", "rows"):
        write_json(f"metrics/experiments/{folder}/other_arms.json", [])
    return numbers


def test_other_arms_that_ran_once_and_were_kept_are_in_the_report(evaluated):
    def texts() -> tuple[str, str]:
        run_command(report)
        return (
            Path("metrics/report.md").read_text(encoding="utf-8"),
            Path("data/report/index.html").read_text(encoding="utf-8"),
        )

    seen: list[Numbers] = []
    before = texts()
    numbers = keep_other_arms(load_params().settled())
    with_them, page = texts()
    assert "* [Other arms](tables/other_arms.md): over all targets, corrected: " in with_them
    assert "self minus similar 0.100 (0.080 to 0.120)" in with_them
    assert "<h3>Other arms</h3>" in page and Path("metrics/tables/other_arms.md").is_file()
    assert read_json("metrics/experiments/other_arms.json") == numbers
    words = "metrics/experiments/other_arms.json is of other settings than these: it is not shown"
    for settings, name in (("0" * 64, "left"), (load_params().settled(), "stranger")):
        keep_other_arms(settings, name)
        other, page = texts()
        assert words in other and "Other arms" not in other + page
        seen.append(other)
    assert seen[0].split("## By experiment")[0] == before[0].split("## By experiment")[0]
    assert words not in before[0] + with_them


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
