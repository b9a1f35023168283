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
from stages.storage.files import read_json, write_json
from tests.analysis import small_study
from tests.conftest import ROOT, run_command


def last_line_of_the_report_that_fails() -> str:
    result = CliRunner().invoke(report.main, [])
    assert isinstance(result.exception, SystemExit) and result.exit_code == 1, result.output
    return result.output.strip().splitlines()[-1]


def text() -> str:
    return Path("metrics/report.md").read_text(encoding="utf-8")


def page() -> str:
    return Path("data/report/index.html").read_text(encoding="utf-8")


def add_scaling() -> None:
    """The committed numbers of an experiment as those of the study."""
    settings = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["experiments"]
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["experiments"] = {"run": ["scaling"], "scaling": settings["scaling"]}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    for path in ("scaling.json", "plots/scaling.json", "rows/scaling.json"):
        write_json(f"metrics/experiments/{path}", read_json(ROOT / "metrics/experiments" / path))


def test_the_report_shows_the_gap_its_chance_and_what_was_left_out(evaluated):
    run_command(report)
    row = next(line for line in text().splitlines() if line.startswith("| left"))
    assert "0.750" in row and "right 0.500" in row
    assert "a gap of 0.250 (95% interval" in text()
    assert "1 of 6 scored cells" in text()
    assert "| disagreement |" in text() and "nearest neighbor" in text()


def test_beside_a_null_stands_what_could_have_been_found(evaluated):
    numbers = read_json("metrics/targets.json")
    numbers["gap"] |= {"ci_low": -0.125, "ci_high": 0.5, "detectable": 0.375}
    write_json("metrics/targets.json", numbers)
    run_command(report)
    sentence = "The interval holds zero: a true gap of 0.375 would have been found"
    assert sentence in text() and sentence in page()
    numbers["gap"]["ci_low"] = 0.125
    write_json("metrics/targets.json", numbers)
    run_command(report)
    assert "holds zero" not in text() + page()


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
        ("", ["left"], "| left | - | - | - | - | - | - | - | - | - | - |"),
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
    numbers["seeds"] = {"gap": gap, "sd": 0.1179, "ci_low": -0.7255, "ci_high": 1.3921}
    write_json("metrics/targets.json", numbers)
    run_command(report)
    assert (
        "Over 2 training seeds the gap is 0.250 (seed 0), 0.417 (seed 7): standard deviation 0.118,"
        " 95% interval over seeds -0.726 to 1.392." in text()
    )


def test_every_number_is_taken_from_the_metrics_files(evaluated):
    changes: dict[str, tuple[list[str | int], float, str]] = {
        "summary": (["self"], 0.111, "with accuracy 0.111"),
        "targets": (["targets", "left", "fresh_self"], 0.222, "| left | 0.750 | 0.222 |"),
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
    assert "| survival_instinct | right-self | 24 | A 0.500, B 0.500 | 0.000 |" in text()


def test_the_page_escapes_what_models_said(evaluated):
    add_scaling()
    rows = read_json("metrics/experiments/rows/scaling.json")
    said = "<img src=x onerror=alert(2)>"
    rows[0] |= {"raw_answer": said, "question": said, "truth": said}
    write_json("metrics/experiments/rows/scaling.json", rows)
    run_command(report)
    assert small_study.SCRIPT not in page() and "<img" not in page()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page()
    assert page().count("&lt;img src=x onerror=alert(2)&gt;") == 3


def test_a_hostile_name_is_shown_in_report_and_page_and_marks_up_nothing(evaluated):
    add_scaling()
    name = "<script>x</script>|![y](http://h.example/z)\n# w`\x1b[31m\u202e"
    for path in Path("metrics").rglob("*.json"):
        if (whole := path.read_text(encoding="utf-8")).count('"left"'):
            path.write_text(whole.replace('"left"', json.dumps(name)), encoding="utf-8")
    run_command(report)
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    tokens = [t for token in reader.parse(text()) for t in (token, *(token.children or []))]
    assert not {"html_inline", "html_block", "link_open", "image"} & {t.type for t in tokens}
    headings = [t.content for t in tokens if t.type == "inline" and t.level == 1 and t.children]
    assert "w" not in headings and "\x1b" not in text() + page()
    seen = "<script>x</script>|![y](http://h.example/z) # w`\\u001b[31m\\u202e"
    assert seen in [cell.content for cell in cells(reader, text())]
    assert not re.search(r"<(script|img|a|iframe|link|object)\b", page())
    assert "default-src 'none'" in page()


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
    add_scaling()
    run_command(report)
    assert "\n## Number of training inputs\n" in text()
    assert "<h2>Number of training inputs</h2>" in page()
    assert "<td>most common answer</td>" in page()  # its tables are tables of the page
    assert page().count("<svg") == pictures + 1
    assert "rows of scaling" in page()


def test_the_page_shows_rows_and_the_cells_that_were_left_out(evaluated):
    run_command(report)
    left_out = page().split("Held-out cells that are left out")[1].split("</table>")[0]
    assert "<td>left</td><td>survival_instinct</td><td>ethical_stance</td>" in left_out
    shown = page().split("<h2>Rows</h2>")[1]
    assert shown.count("<details>") == 2 * 2  # target and task
    assert "self (left), right:<pre>" in shown and "cross (right), wrong:<pre>" in shown


def test_the_report_again_is_the_same_to_the_byte(evaluated):
    run_command(report)
    before = text(), page()
    run_command(report)
    assert (text(), page()) == before


@pytest.mark.parametrize(
    "name",
    [
        *("summary", "targets", "by_task", "by_property", "subsets", "controls"),
        *("plots/self_cross", "plots/by_property"),
        *("experiments/scaling", "experiments/plots/scaling", "experiments/rows/scaling"),
    ],
)
def test_a_metrics_file_that_is_missing_or_broken_is_one_line_that_names_it(name, evaluated):
    add_scaling()
    path = Path("metrics", f"{name}.json")
    path.write_text('{"gap": ', encoding="utf-8")
    line = last_line_of_the_report_that_fails()
    assert line.startswith(f"Error: {path}: not JSON: ") and "`dvc repro`" in line
    path.unlink()
    line = last_line_of_the_report_that_fails()
    assert line == f"Error: {path}: no such file; run `dvc repro` to make it"
    assert not Path("metrics/report.md").exists()


def test_metrics_of_other_code_are_one_line_that_says_what_was_looked_for(evaluated):
    numbers = read_json("metrics/targets.json")
    del numbers["confidence"]
    write_json("metrics/targets.json", numbers)
    line = last_line_of_the_report_that_fails()
    assert line.startswith("Error: report.md.j2: ") and "confidence" in line
    assert "run `dvc repro`" in line


def test_a_missing_table_is_one_line_that_names_it(evaluated):
    Path("data/predictions/left-on-right.parquet").unlink()
    line = last_line_of_the_report_that_fails()
    assert line.startswith("Error: data/predictions/left-on-right.parquet: no such table")


def test_the_numbers_of_the_summary_stand_in_the_first_section(evaluated):
    summary = read_json("metrics/summary.json")
    run_command(report)
    for key in ("self", "cross", "gap", "gap_low", "gap_high", "fresh_gap"):
        assert f"{summary[key]:.3f}" in text().split("## What needs no introspection")[0]
