"""The guides of docs/ work as written: each command is given, each snippet run, each link leads."""

import json
import re
import shlex
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from stages import sample_behavior, write_tasks
from stages.__main__ import main
from stages.params import checked
from tests.conftest import CHAT, ROOT, small_params
from tests.docs.guides import BLOCK, COMMANDS, NAMES, NOT_RUN, SOURCE, blocks, guide, lines, ours
from tests.docs.recipes import merged
from tests.tiny_models import describe, make_tiny_model

LINES = list(lines(*NAMES))
OF_DVC = [line for line in LINES if line.startswith("dvc ")]
AN_INPUT = "1359fd8d4af1a19e"  # of the default study
RUN_DVC = """
import sys
from dvc.cli import main
for arguments in {arguments!r}:
    assert main(arguments) == 0, arguments
"""


def given(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments, prog_name="selfpredict", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def tried(line: str) -> list[str]:
    """What dvc is given in place of a line: to say what it would run, or to keep it for later."""
    words = shlex.split(line)[1:]
    if words[0] == "repro":
        return [*words, "--dry", "--force"]
    return [*words, "--queue"] if words[:2] == ["exp", "run"] and "--queue" not in words else words


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    folder = make_tiny_model(tmp_path_factory.mktemp("model"))
    (folder / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    return describe(folder, "smollm2", stop=["\n"])


@pytest.fixture
def here(tmp_path, monkeypatch, model) -> Path:
    """A study whose subjects are called as those of the default, and have answered a little."""
    source = {"source": f"path:{model}", "chat_template": CHAT}
    params = small_params({name: source for name in ("smollm2", "gemma3")})
    params["tasks"] |= {"train": ["countries_long"], "test": ["animals_long"]}
    params["properties"] = ["first_word"]
    params["experiments"] = {"run": []}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    for name in params["subjects"]:
        (tmp_path / "data/models").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data/models" / name).symlink_to(model)
    (tmp_path / "presets").symlink_to(ROOT / "presets")
    for command, *arguments in (
        (write_tasks.main,),
        (sample_behavior.main, "--model", "smollm2"),
    ):
        assert CliRunner().invoke(command, arguments).exit_code == 0
    return tmp_path


def test_every_command_of_ours_is_understood_and_does_what_it_is_for(here):
    asked = pd.read_parquet(here / "data/tasks/countries_long.parquet")["input_id"][0]
    told = {}
    for line in LINES:
        arguments = ours(line)
        if arguments is not None and not SOURCE.search(line):
            told[line] = given(*(asked if word == AN_INPUT else word for word in arguments))
    why = told[f"python -m stages.cache why smollm2 {AN_INPUT}"]
    assert "would be answered from the cache" in why
    assert "sound; subjects smollm2, gemma3" in told["python -m stages.params"]
    assert "-S tasks." in told["python -m stages.preset smoke"]
    assert "  predict " in told["selfpredict"] == told["python -m stages"]
    assert len(told) >= 10


@pytest.mark.parametrize("line", [line for line in LINES if SOURCE.search(line)])
def test_a_line_for_completion_gives_a_shell_its_script(line):
    (shell,) = SOURCE.findall(line)
    environment = {"_SELFPREDICT_COMPLETE": f"{shell}_source"}
    done = CliRunner().invoke(main, [], prog_name="selfpredict", env=environment)
    assert f"{shell}_complete" in done.output


def test_every_command_of_dvc_is_understood_and_says_what_it_would_run(make_study):
    study = make_study()
    (study.root / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    (study.root / "metrics/summary.json").write_text('{"primary": 0.0}')
    study.commit("params, and a number")
    told = study.run(sys.executable, "-c", RUN_DVC.format(arguments=[*map(tried, OF_DVC)]))
    assert "> python -m stages.judge_cells" in told
    assert told.count("Queued experiment") == 1 + 4


def test_no_line_is_given_by_nobody():
    for line in LINES:
        assert ours(line) is not None or line in OF_DVC or SOURCE.search(line), line


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_run_says_so(name):
    assert {language for language, _ in BLOCK.findall(guide(name))} <= {
        *("bash", "text", "yaml", "python")
    }
    for line in (line for block in blocks(name, "text") for line in block.split("\n")):
        assert not line.startswith(COMMANDS) or NOT_RUN in line, line


@pytest.mark.parametrize("block", blocks("faq", "yaml"))
def test_params_of_a_guide_are_sound(block):
    raw = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    checked(merged(raw, yaml.safe_load(block)), "docs/faq.md")


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_a_guide_leads_to_a_page_and_a_heading(name):
    for path, heading in re.findall(r"\]\(([\w./]+)(?:#([\w-]+))?\)", guide(name)):
        page = ROOT / "docs" / path
        assert page.is_file(), path
        if not heading:
            continue
        found = {
            re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        }
        assert heading in found, (path, heading)


def test_each_sentence_that_a_study_may_begin_with_is_explained():
    words = (ROOT / "stages/reporting/templates/verdict.md.j2").read_text(encoding="utf-8")
    shows = words.split("macro shows")[1].split("endmacro")[0]
    sentences = [re.split(r"[,:;.{]", line)[0] for line in shows.splitlines() if line[:1].isupper()]
    assert len(sentences) > 5
    text = guide("reading_the_numbers")
    assert [
        said for said in ["This study cannot show anything", *sentences] if said not in text
    ] == []


def test_each_number_of_the_summary_is_explained():
    keys = json.loads((ROOT / "metrics/summary.json").read_text(encoding="utf-8"))
    named = set(re.findall(r"`(\w+)`", guide("reading_the_numbers")))
    assert {*keys, "sensitivity_gap"} <= named


def test_every_word_of_the_method_is_in_the_glossary():
    table = (ROOT / "docs/method.md").read_text(encoding="utf-8").split("## How it is done")[0]
    words = [row.split("|")[1] for row in table.splitlines() if row.startswith("| ")][1:]
    known = guide("glossary")
    every = [word.strip() for row in words for word in row.split(",")]
    assert [word for word in every if word not in known] == []
