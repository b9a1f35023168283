"""The report on a small study whose numbers are known by hand: what it shows is what is there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from markdown_it import MarkdownIt
from markdown_it.token import Token

from stages import evaluate, report
from stages.analysis.verdict import outcome
from stages.reporting.page.rows import FIRST
from stages.reporting.sections import render
from stages.storage.files import read_json, write_json
from tests.analysis import small_study
from tests.conftest import ROOT, run_command
from tests.reporting.made_page import Html, add_experiment


def last_line_of_the_report_that_fails() -> str:
    result = CliRunner().invoke(report.main, [])
    assert isinstance(result.exception, SystemExit) and result.exit_code == 1, result.output
    return result.output.strip().splitlines()[-1]


def text() -> str:
    """The report and all its tables."""
    return whole(Path("."))


def whole(root: Path) -> str:
    paths = [root / "metrics/report.md", *sorted((root / "metrics/tables").iterdir())]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def table(name: str) -> str:
    return Path(f"metrics/tables/{name}.md").read_text(encoding="utf-8")


def page() -> str:
    return Path("data/report/index.html").read_text(encoding="utf-8")


INTERVAL = re.compile(r"(-?\d\.\d{3}) \((-?\d\.\d{3}) to (-?\d\.\d{3})")


OF_DIFFERENCES = (
    *("# What", "By experiment", "The primary", "Behavior change", "The same prefix"),
    "Private answers",  # self and cross, each less what its answers get when they are dealt out
)
"""sections that compare differences, which are from -2 to 2"""


def unsound_intervals(shown: str) -> list[str]:
    """Those that have no width, leave out their estimate or leave what a difference can be."""
    return [
        found[0]
        for part in shown.removeprefix("## ").split("\n## ")
        for found in INTERVAL.finditer(part)
        for value, low, high in [map(float, found.groups())]
        for limit in [2 if part.startswith(OF_DIFFERENCES) else 1]
        if not (-limit <= low <= value <= high <= limit and low < high)
    ]


def test_the_report_shows_the_gap_its_chance_and_what_was_left_out(evaluated):
    run_command(report)
    assert "| left | self | 0.750 (" in text() and "| left | cross (right) | 0.500 (" in text()
    assert "| left | 0.750 | right 0.500 | 0.250 (" in text()
    assert "a gap of 0.250 (" in text() and "95% interval, clustered by input" in text()
    assert "1 of 6 scored cells" in text()
    assert "| disagreement |" in text() and "nearest neighbor" in text()


def test_beside_a_null_stands_what_could_have_been_found(evaluated):
    numbers = read_json("metrics/targets.json")
    numbers["gap"] |= {"ci_low": -0.125, "ci_high": 0.5, "detectable": 0.375}
    sentence = "The interval holds zero: a true gap of 0.375 would have been found"
    assert not numbers["verdict"]["can_show"]
    write_json("metrics/targets.json", numbers)
    run_command(report)
    assert sentence not in text() + page() and "-0.125 to 0.500" in text()
    numbers["verdict"]["can_show"] = True
    write_json("metrics/targets.json", numbers)
    run_command(report)
    assert sentence in text() and sentence in page()
    numbers["gap"]["ci_low"] = 0.125
    write_json("metrics/targets.json", numbers)
    run_command(report)
    told, _ = page().split('<h2 id="words">')  # where the words say what a null is
    assert "holds zero" not in text() + told


@pytest.mark.parametrize(
    ("corrected", "raw", "said"),
    [
        (
            (0.05, 0.01, 0.09),
            0.04,
            "The same base predicts better than another base; that it knows",
        ),
        ((-0.05, -0.09, -0.01), -0.04, "Another base predicts better than the same base."),
        ((0.05, 0.01, 0.09), -0.04, "There is no advantage of either side: fresh self and cross"),
        ((0.01, -0.02, 0.04), 0.02, "holds zero: a true difference of 0.060 would have been found"),
        ((0.01, None, None), 0.02, "That is too little for an interval."),
    ],
)
def test_an_advantage_is_one_where_the_raw_difference_has_the_same_sign(
    evaluated, corrected, raw, said
):
    names = ("estimate", "ci_low", "ci_high")
    found = {n: value for n, value in zip(names, corrected, strict=True) if value is not None}
    counts = {"inputs": 60, "rows": 90, "discordant": 20}
    targets = read_json("metrics/targets.json")
    targets["primary"] |= {
        "corrected": found | counts | {"p_value": 0.03, "detectable": 0.06},
        "raw": {"estimate": raw} | counts,
        "agree": corrected[0] * raw > 0,
        "tasks": {"by": {"x": 0.0, "y": 0.1}, "sd": 0.0707},
    }
    targets["verdict"] |= {"outcome": outcome(targets["primary"]), "can_show": True}
    numbers = {name: read_json(f"metrics/{name}.json") for name in ("summary", "by_task")}
    numbers["others"] = {}
    shown = render("comparison.md.j2", targets=targets, **numbers)
    assert said in shown
    assert "By task it is 0.000 (x), 0.100 (y); standard deviation 0.071." in shown
    assert "| left | none: 2 cells are compared; 3 are needed |" in shown
    assert shown.count("predicts better") == ("predicts better" in said)
    targets["verdict"]["can_show"] = False
    shown = render("comparison.md.j2", targets=targets, **numbers)
    assert "predicts better" not in shown and "would have been found" not in shown
    assert "The study cannot show anything, so nothing is claimed of that." in shown
    assert f"{corrected[0]:.3f}" in shown


def test_an_interval_has_a_width_and_keeps_within_what_can_be(evaluated):
    run_command(report)
    assert INTERVAL.search(text()) and unsound_intervals(text()) == []


def test_so_do_those_of_the_committed_report():
    committed = whole(ROOT)
    assert INTERVAL.search(committed) and unsound_intervals(committed) == []


def test_cells_of_few_rows_are_named(evaluated):
    cells = read_json("metrics/by_task.json")
    about = {"target": "left", "seed": 0, "task": "animals_long", "property": "first_word"}
    cells["small"] = [about | {"rows": 7, "reason": "7 of its rows are scored, under 8"}]
    write_json("metrics/by_task.json", cells)
    run_command(report)
    sentence = "So are cells with too few rows: first_word in animals_long of left, 7."
    assert sentence in text()
    assert "<td>seed 0: 7 of its rows are scored, under 8</td>" in page()


def test_a_study_of_one_subject_has_a_report_that_says_that_there_is_no_gap(study):
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["subjects"] = ["right"]
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    run_command(evaluate)
    run_command(report)
    assert "so there is no gap" in text() and "so there is no gap" in page()


@pytest.mark.parametrize(
    ("said", "subjects", "shown"),
    [
        (
            "A",
            ["left", "right"],
            "| left | 0.500 | 0.000 | - (-) | - (-) | - (-) | 1.000 | right 0.500 |",
        ),
        ("A", ["left"], "| left | 0.500 | 0.000 | - (-) | - (-) | - (-) | 1.000 | - |"),
        ("", ["left", "right"], "| left | - | - | - (-) | - (-) | - (-) | - | - |"),
        ("", ["left"], "| left | - | - | - | - | - | - | - | - | - |"),
    ],
)
def test_a_model_that_always_says_the_same_has_dashes(monkeypatch, tmp_path, said, subjects, shown):
    """No cell where the text decides is worth predicting, or none at all."""
    usual = small_study.response
    monkeypatch.setattr(
        small_study,
        "response",
        lambda model, *a, **k: said if model == "left" else usual(model, *a, **k),
    )
    monkeypatch.setattr(small_study, "value", lambda *a, **k: "A")
    monkeypatch.chdir(tmp_path)
    small_study.write_study(tmp_path)
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    Path("params.yaml").write_text(yaml.safe_dump(params | {"subjects": subjects}))
    run_command(evaluate)
    run_command(report)
    assert shown in text() and "Held-out cells that are left out" in page()


def test_several_seeds_stand_in_the_report_with_their_spread(evaluated):
    numbers = read_json("metrics/targets.json")
    gap = {"0": 0.25, "7": 0.4167}
    numbers["seeds"] = {"by": gap, "sd": 0.1179, "ci_low": -0.7255, "ci_high": 1.0}
    write_json("metrics/targets.json", numbers)
    run_command(report)
    assert (
        "By training seed self minus cross is 0.250 (seed 0), 0.417 (seed 7); standard deviation"
        " 0.118, 95% interval over them -0.726 to 1.000." in text()
    )


def test_every_number_is_taken_from_the_metrics_files(evaluated):
    changes: dict[str, tuple[list[str | int], float, str]] = {
        "summary": (["self"], 0.111, "with accuracy 0.111"),
        "targets": (["targets", "left", "fresh_self"], 0.222, "| 0.222 | 0."),
        "subsets": (["gaps", 0, "estimate"], 0.333, "| 0.333 ("),
        "by_task": (["gaps", 0, "estimate"], 0.444, "| 0.444 ("),
        "by_property": (["gaps", 0, "estimate"], 0.555, "| 0.555 ("),
    }
    run_command(report)
    before = text()
    for name, ((*place, key), value, _) in changes.items():
        whole: Any = read_json(f"metrics/{name}.json")
        part = whole
        for step in place:
            part = part[step]
        part[key] = value
        write_json(f"metrics/{name}.json", whole)
    run_command(report)
    for _, _, shown in changes.values():
        assert shown in text() and shown not in before


def test_the_letters_that_are_chosen_have_a_table(evaluated):
    run_command(report)
    assert "| survival_instinct | right-self | 36 | A 0.500, B 0.500 | 0.000 |" in text()


def test_the_page_escapes_what_models_said(evaluated):
    add_experiment()
    rows = read_json("metrics/experiments/rows/scaling.json")
    said = "<img src=x onerror=alert(2)>"
    rows[0] |= {"raw_answer": said, "question": said, "truth": said}
    write_json("metrics/experiments/rows/scaling.json", rows)
    run_command(report)
    assert small_study.SCRIPT not in page() and not Html(page()).of("img")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page()
    assert page().count("&lt;img src=x onerror=alert(2)&gt;") == 3


def test_a_hostile_name_is_shown_in_report_and_page_and_marks_up_nothing(evaluated):
    add_experiment()
    name = "<script>x</script>|![y](http://h.example/z)\n# w`\x1b[31m\u202e"
    for path in Path("metrics").rglob("*.json"):
        if (whole := path.read_text(encoding="utf-8")).count('"left"'):
            path.write_text(whole.replace('"left"', json.dumps(name)), encoding="utf-8")
    run_command(report)
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    tokens = [t for token in reader.parse(text()) for t in (token, *(token.children or []))]
    assert not {"html_inline", "html_block", "image"} & {t.type for t in tokens}
    links = {t.attrGet("href") for t in tokens if t.type == "link_open"}
    tables = {f"tables/{path.name}" for path in Path("metrics/tables").iterdir()}
    assert links == tables | {"../docs/method.md#words"}
    headings = [t.content for t in tokens if t.type == "inline" and t.level == 1 and t.children]
    assert "w" not in headings and "\x1b" not in text() + page()
    seen = "<script>x</script>|![y](http://h.example/z) # w`\\u001b[31m\\u202e"
    assert seen in [cell.content for cell in cells(reader, text())]
    found = Html(page())
    assert not found.of("img", "iframe", "link", "object", "base")
    assert all((at["href"] or "").startswith("#") for _, at, _ in found.of("a"))
    assert not any(text == "x" for _, _, text in found.of("script"))
    assert "default-src &#39;none&#39;; script-src &#39;sha256-" in page()


def cells(reader: MarkdownIt, whole: str) -> Iterator[Token]:
    """The inline tokens of a text of Markdown, with what they show for content."""
    for token in reader.parse(whole):
        if token.type == "inline":
            token.content = "".join(child.content for child in token.children or [])
            yield token


def test_an_experiment_has_its_section_in_both_and_its_picture_and_rows_on_the_page(evaluated):
    run_command(report)
    assert "Number of training inputs" not in text() + page()
    pictures = page().count("<svg")
    add_experiment()
    run_command(report)
    assert "\n## Number of training inputs\n" in text()
    assert "<h3>Number of training inputs</h3>" in page()
    assert "<td>mode</td>" in page()  # its tables are tables of the page
    assert page().count("<svg") == pictures + 1
    assert "rows of scaling" in page()


def test_the_page_shows_rows_and_the_cells_that_were_left_out(evaluated):
    run_command(report)
    left_out = page().split("Held-out cells that are left out")[1].split("</table>")[0]
    assert "<td>left</td><td>survival_instinct</td><td>ethical_stance</td>" in left_out
    shown = page().split('<table id="rows-table">')[1].split("</table>")[0]
    assert shown.count("<tr>") == 1 + 6 * FIRST  # the head, and the first inputs of each cell
    assert re.findall(r'<small class="who">(left|right): </small>', shown)
    assert {*re.findall(r'class="unseen"> (right|wrong) ', shown)} == {"right", "wrong"}


def test_the_report_again_is_the_same_to_the_byte(evaluated):
    run_command(report)
    before = text(), page()
    run_command(report)
    assert (text(), page()) == before


def test_a_table_of_another_time_is_gone(evaluated):
    Path("metrics/tables").mkdir()
    Path("metrics/tables/old.md").write_text("old", encoding="utf-8")
    run_command(report)
    assert not Path("metrics/tables/old.md").exists() and Path("metrics/tables/cells.md").is_file()


@pytest.mark.parametrize(
    "name",
    [
        *("summary", "targets", "by_task", "by_property", "subsets", "controls", "sensitivity"),
        *("plots/self_cross", "plots/by_property"),
        *("experiments/scaling", "experiments/plots/scaling", "experiments/rows/scaling"),
    ],
)
def test_a_metrics_file_that_is_missing_or_broken_is_one_line_that_names_it(name, evaluated):
    add_experiment()
    path = Path("metrics", f"{name}.json")
    path.write_text('{"gap": ', encoding="utf-8")
    line = last_line_of_the_report_that_fails()
    assert line.startswith(f"Error: {path}: not JSON: ") and "`dvc repro`" in line
    path.unlink()
    line = last_line_of_the_report_that_fails()
    assert line == f"Error: {path}: no such file; run `dvc repro` to make it"
    assert not Path("metrics/report.md").exists() and not Path("metrics/tables").exists()


def test_metrics_of_other_code_are_one_line_that_says_what_was_looked_for(evaluated):
    numbers = read_json("metrics/targets.json")
    del numbers["confidence"]
    write_json("metrics/targets.json", numbers)
    line = last_line_of_the_report_that_fails()
    assert line.startswith("Error: comparison.md.j2: ") and "confidence" in line
    assert "run `dvc repro`" in line


def test_a_missing_table_is_one_line_that_names_it(evaluated):
    Path("data/predictions/left-on-right.parquet").unlink()
    line = last_line_of_the_report_that_fails()
    assert line.startswith("Error: data/predictions/left-on-right.parquet: no such table")


def test_the_numbers_of_the_summary_stand_in_the_first_table(evaluated):
    summary = read_json("metrics/summary.json")
    run_command(report)
    for key in summary.keys() - {"inputs"}:
        assert f"{summary[key]:.3f}" in table("comparison")
