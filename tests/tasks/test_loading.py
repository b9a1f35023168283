"""Tasks from files, by params alone: what is written, and what is said of files that are wrong."""

import copy
import json
import re
from collections import Counter
from functools import reduce
from operator import getitem
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner
from dvc.utils.hydra import apply_overrides

from stages import published_params, write_tasks
from stages.storage.errors import StudyError
from stages.storage.tables import read_table
from stages.study.inputs import check_apart
from stages.study.prompts import asked_properties, question_on
from stages.study.splits import input_id, part_of
from tests.conftest import ROOT
from tests.loaded_files import (
    CHOICE,
    DEFAULT,
    PUBLISHED,
    REVISION,
    TABLE,
    choice_row,
    params_with,
    published_folder,
    text_row,
    write_lines,
)

RELEASE = ROOT.parent / "shared" / "fixtures" / "release"


class Folder:
    """A folder with params, and the commands run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write_params(self, params: dict) -> None:
        (self.root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))

    def stage(self, module, *arguments: str) -> str:
        done = CliRunner().invoke(module.main, list(arguments), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def fails(self, module, *arguments: str) -> str:
        done = CliRunner().invoke(module.main, list(arguments), catch_exceptions=False)
        assert done.exit_code == 1, done.output
        return done.output


@pytest.fixture
def study(tmp_path, monkeypatch) -> Folder:
    root = tmp_path / "study"
    root.mkdir()
    monkeypatch.chdir(root)
    return Folder(root)


def lines(study, *values: str) -> None:
    (study.root / "a.csv").write_text("line\n" + "".join(f"{v}\n" for v in values))


def test_four_lines_of_params_make_a_task_of_a_table(study):
    lines(study, *(f"None {n}" for n in range(40)), "None 1", "NA", "null", "nan 2")
    params = params_with({"loaded": {"words": TABLE}, "test": ["words"], "test_inputs": 15})
    study.write_params(params)
    output = study.stage(write_tasks)
    assert "words: 1 duplicates are left out" in output and "words: 20 inputs" in output
    rows = read_table("tasks", study.root / "data/tasks/words.parquet")
    assert Counter(row["split"] for row in rows) == {"train": 5, "test": 15}
    for row in rows:
        assert (row["family"], row["questions"], row["options"]) == ("continuation", None, [])
        assert row["object_prompt"] == [{"role": "user", "content": f"Go on: {row['input']}"}]
    params["tasks"]["test_inputs"] = 400
    study.write_params(params)
    assert "tasks.test_inputs: 400: task words has" in study.fails(write_tasks)


def test_bad_rows_are_named_and_end_the_run_above_the_share_that_is_allowed(study):
    rows = [{"line": f"line {n}"} for n in range(40)] + [{"line": ""}, {}, {"line": 7}, [], {}, {}]
    write_lines(study.root / "a.jsonl", rows)
    spec = TABLE | {"source": "path:a.jsonl"}
    params = params_with({"loaded": {"words": spec}, "test": ["words"]})
    study.write_params(params)
    output = study.fails(write_tasks)
    assert output.splitlines()[-7:] == [
        "Error: params.yaml: tasks.loaded.words: 6 of 46 rows are bad; bad_rows allows a share of "
        "0.0",
        "a.jsonl, row 41: column 'line': it is blank",
        "a.jsonl, row 42: column 'line': it is missing; the row has []",
        "a.jsonl, row 43: column 'line': 7 is no string",
        "a.jsonl, row 44: a JSON list, no object",
        "a.jsonl, row 45: column 'line': it is missing; the row has []",
        "and 1 more",
    ]
    spec["bad_rows"] = 0.2
    study.write_params(params)
    output = study.stage(write_tasks)
    assert "words: 6 of 46 rows are left out:\na.jsonl, row 41: column" in output
    assert "words: 10 inputs" in output


def test_rows_that_share_a_text_but_not_their_prompt_are_inputs_of_their_own(study):
    """The id of a text that no other row has is made of the text alone."""
    rows = [{"line": f"line {n}", "place": "Oslo"} for n in range(30)]
    rows += [{"line": "line", "place": place} for place in ("Lima", "Cork", "Bari", "Cork")]
    for name, order in (("a", rows), ("b", rows[::-1])):
        write_lines(study.root / f"{name}.jsonl", order)
    spec = TABLE | {"prompt": "{place}: {text}"}
    counts = dict.fromkeys(("rehearsal_inputs", "pilot_inputs", "test_inputs"), 40)
    counts["allow_fewer"] = True
    tables = {}
    for name in "ab":
        loaded = {name: spec | {"source": f"path:{name}.jsonl"}}
        study.write_params(params_with({"loaded": loaded, "test": [name]} | counts))
        output = study.stage(write_tasks)
        assert f"{name}: 1 duplicates are left out" in output and f"{name}: 33 inputs" in output
        tables[name] = read_table("tasks", study.root / f"data/tasks/{name}.parquet")
    for name, table in tables.items():
        prompts = {row["input_id"]: row["object_prompt"][0]["content"] for row in table}
        assert set(prompts.values()) == {f"{row['place']}: {row['line']}" for row in rows}
        assert all(prompts[input_id(name, f"line {n}")] == f"Oslo: line {n}" for n in range(30))
    ids = [
        {row["input_id"] for row in table if row["input"] == "line"} for table in tables.values()
    ]
    assert len(ids[0]) == len(ids[1]) == 3


def test_a_row_whose_options_contradict_an_earlier_one_is_named(study):
    rows = [{"line": "Rain?", "x": "yes", "y": "no", "t": letter} for letter in "ABA"]
    write_lines(study.root / "a.jsonl", rows)
    spec = CHOICE | {"source": "path:a.jsonl", "family": "values", "trait_option": "t"}
    study.write_params(params_with({"loaded": {"rain": spec}, "test": ["rain"]}))
    output = study.fails(write_tasks)
    assert (
        "1 of 3 rows are bad" in output and "a.jsonl, row 2: column 'line': its options" in output
    )


def test_options_are_shuffled_where_params_say_so(study):
    rows = [
        {"line": f"Day {n}?", "choices": {"text": ["hail", "fog"], "label": ["1", "2"]}, "key": "2"}
        for n in range(40)
    ]
    pq.write_table(pa.Table.from_pylist(rows), study.root / "a.parquet")
    spec = TABLE | {"source": "path:a.parquet", "prompt": "{text}\n{options}", "family": "values"}
    spec |= {"options": "choices.text", "trait_option": "key"}
    loaded = {"still": spec, "moved": spec | {"shuffle_options": True}}
    counts = dict.fromkeys(("rehearsal_inputs", "pilot_inputs", "test_inputs"), 40)
    counts["allow_fewer"] = True
    tables = []
    for name in loaded:  # they would ask the same in part
        study.write_params(params_with({"loaded": loaded, "test": [name]} | counts))
        study.stage(write_tasks)
        tables.append(read_table("tasks", study.root / f"data/tasks/{name}.parquet"))
    still, moved = tables
    assert {(*row["options"], row["trait_option"]) for row in still} == {("hail", "fog", "B")}
    letters = Counter((*row["options"], row["trait_option"]) for row in moved)
    assert set(letters) == {("hail", "fog", "B"), ("fog", "hail", "A")}
    assert min(letters.values()) >= 10
    for row in moved:
        question, *options = row["object_prompt"][0]["content"].split("\n")
        assert options == [f"A. {row['options'][0]}", f"B. {row['options'][1]}"]
        assert row["input_id"] == input_id("moved", f"{question}\nA. hail\nB. fog")


def test_a_prompt_that_is_taught_in_one_task_and_scored_in_another_is_refused(study):
    write_lines(study.root / "a.jsonl", [{"line": f"line {n}"} for n in range(60)])
    loaded = {name: TABLE | {"source": "path:a.jsonl"} for name in ("one", "two")}
    tasks = {"loaded": loaded, "train": ["one"], "test": ["two"], "allow_fewer": True}
    tasks |= dict.fromkeys(("train_inputs", "pilot_inputs", "test_inputs"), 60)
    study.write_params(params_with(tasks))
    told = study.fails(write_tasks).splitlines()[-1]
    named = r"input \w{16} of one \(train\) and input \w{16} of two \((test|pilot)\)"
    assert re.search(named, told) and '"Go on: line ' in told
    assert not (study.root / "data/tasks").exists()
    loaded["two"] = loaded["two"] | {"prompt": "Now go on: {text}"}
    study.write_params(params_with(tasks))
    assert "two: " in study.stage(write_tasks)


def test_prompts_of_held_out_tasks_may_be_rehearsed_in_none_that_scores_them():
    def row(task: str, role: str, part: str) -> dict:
        key = next(k for k in map("{:016x}".format, range(999)) if part_of(role, k) == part)
        message = [{"role": "user", "content": "Go on"}]
        return {"input_id": key, "task": task, "role": role, "object_prompt": message}

    rehearsed, pilot = row("a", "test", "rehearsal"), row("b", "test", "pilot")
    scored, taught = row("c", "test", "test"), row("d", "train", "train")
    for pair in ((rehearsed, pilot), (scored, rehearsed), (taught, pilot)):
        with pytest.raises(StudyError, match=f"of {pair[0]['task']} .* of {pair[1]['task']} "):
            check_apart(pair, {})
    check_apart((pilot, scored, pilot), {})
    check_apart((taught, rehearsed), {})


def test_both_orders_of_options_that_are_shuffled_are_one_input(study):
    """Else its prompt might be taught and scored; the order of rows says nothing either."""
    orders = [(("x", "hail"), ("y", "fog"), ("t", "B")), (("x", "fog"), ("y", "hail"), ("t", "A"))]
    rows = [{"line": f"Day {n}?"} | dict(order) for n in range(40) for order in orders]
    wrong = {"line": "Day 7?", "x": "fog", "y": "hail", "t": "B"}
    spec = CHOICE | {"family": "values", "prompt": "{text}\n{options}", "trait_option": "t"}
    spec |= {"shuffle_options": True, "bad_rows": 0.1}
    tables = []
    counts = dict.fromkeys(("rehearsal_inputs", "pilot_inputs", "test_inputs"), 40)
    counts |= {"train_inputs": 40, "allow_fewer": True}
    for order in (rows, rows[::-1]):
        write_lines(study.root / "a.jsonl", [*order, wrong])
        loaded = {"days": spec | {"source": "path:a.jsonl"}}
        study.write_params(params_with({"loaded": loaded, "test": ["days"]} | counts))
        output = study.stage(write_tasks)
        assert "days: 1 of 81 rows are left out" in output and "row 81: column 'line'" in output
        assert "days: 40 duplicates are left out" in output and "days: 40 inputs" in output
        table = read_table("tasks", study.root / "data/tasks/days.parquet")
        assert len({str(row["object_prompt"]) for row in table}) == len(table) == 40
        assert {row["options"]["AB".index(row["trait_option"])] for row in table} == {"fog"}
        tables.append(table)
    assert tables[0] == tables[1]


def test_a_file_that_git_does_not_know_is_told_of_in_an_experiment_of_its_own(study, monkeypatch):
    study.write_params(params_with({"loaded": {"new": TABLE}, "test": ["new"]}))
    assert study.fails(write_tasks).endswith("there is no file a.csv\n")
    copy_of_dvc = study.root / ".dvc/tmp/exps/standalone/tmp1"
    copy_of_dvc.mkdir(parents=True)
    (copy_of_dvc / "params.yaml").write_bytes((study.root / "params.yaml").read_bytes())
    monkeypatch.chdir(copy_of_dvc)
    told = "there is no file a.csv; an experiment in a copy has what git knows: `git add` it\n"
    assert study.fails(write_tasks).endswith(told)


def test_a_dollar_before_a_column_outlives_what_dvc_does_to_params(study):
    lines(study, *(f"{n}" for n in range(40)))
    spec = TABLE | {"prompt": "It costs {$}{text}, or {{text}}"}
    study.write_params(params_with({"loaded": {"prices": spec}, "test": ["prices"]}))
    apply_overrides(study.root / "params.yaml", ["seed=1"])  # as `dvc exp run -S seed=1` does
    assert yaml.safe_load((study.root / "params.yaml").read_text())["seed"] == 1
    study.stage(write_tasks)
    for row in read_table("tasks", study.root / "data/tasks/prices.parquet"):
        assert row["object_prompt"][0]["content"] == f"It costs ${row['input']}, or {{text}}"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (TABLE | {"source": "path:b.csv"}, "tasks.loaded.new: path:b.csv: there is no file b.csv"),
        (TABLE | {"text": "word"}, "path:a.csv: a.csv has no column 'word'; it has 'line'"),
        (TABLE | {"sha256": "0" * 64}, "path:a.csv: a.csv has the wrong hash: sha256 000"),
        (PUBLISHED | {"source": "path:none"}, "path:none: there is no folder none"),
        (
            PUBLISHED | {"task": "lakes"},
            "no row of task 'lakes'; there are: 'coins', 'quiz', 'rivers'",
        ),
    ],
)
def test_a_file_that_gives_no_task_is_one_line(study, spec, message):
    lines(study, "a")
    published_folder(study.root / "prompts", 2)
    study.write_params(params_with({"loaded": {"new": spec}, "test": ["new"]}))
    output = study.fails(write_tasks).splitlines()
    assert message in output[-1] and "Traceback" not in "".join(output)


def test_published_rows_are_asked_as_they_stand(study):
    folder = published_folder(study.root / "prompts", 40)
    write_lines(
        folder / "test/zzz.jsonl",  # its name says nothing of its task
        [text_row("rivers", 0, "first_word") | {"behavioral_property": "second_word"}],
    )
    write_lines(folder / "test/coins_again.jsonl", [choice_row("coins", 3, "matches_target")])
    loaded = {
        name: PUBLISHED | {"task": task}
        for name, task in (("own", "rivers"), ("quiz", "quiz"), ("coins", "coins"))
    }
    study.write_params(
        params_with(
            {"loaded": loaded, "train": ["own", "quiz"], "test": ["coins"], "test_inputs": 9}
        )
    )
    assert "coins: 1 duplicates are left out" in study.stage(write_tasks)
    tables = {
        name: read_table("tasks", study.root / f"data/tasks/{name}.parquet") for name in loaded
    }
    assert {name: {row["family"] for row in rows} for name, rows in tables.items()} == {
        "own": {"continuation"},
        "quiz": {"multiple_choice"},
        "coins": {"values"},
    }
    for row in tables["own"]:
        number = int(row["input"].split()[-1])
        asked = asked_properties(row, DEFAULT["properties"])
        assert set(asked) == {"first_word", "second_character"} | (
            {"second_word"} if number == 0 else set()
        )
        expected = text_row("rivers", number, "first_word")
        for person in ("second", "third"):
            assert question_on(row, "first_word", person) == expected["hypothetical_prompt"]
        assert row["object_prompt"] == expected["object_level_prompt"]
        assert row["trait_option"] is None
    assert {len(row["options"]) for row in tables["quiz"]} == {4}
    assert {row["trait_option"] for row in tables["coins"]} <= {"A", "B"}


def test_a_bad_published_row_is_named(study):
    folder = published_folder(study.root / "prompts", 40)
    with open(folder / "train/rivers_first_word.jsonl", "a") as file:
        file.write(
            "{\n" + json.dumps(text_row("rivers", 41, "first_word") | {"object_level_prompt": 1})
        )
    params = params_with({"loaded": {"own": PUBLISHED}, "train": ["own"]})
    study.write_params(params)
    output = study.fails(write_tasks)
    assert "2 of 82 rows are bad" in output
    assert "rivers_first_word.jsonl, row 41: not JSON" in output
    assert "row 42: column 'object_level_prompt': it is no list of chat messages" in output


def test_a_hub_data_set_is_read_from_the_hubs_cache(study, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    snapshot = tmp_path / f"hub/datasets--org--words/snapshots/{REVISION}"
    write_lines(snapshot / "data/a.jsonl", [{"line": f"line {n}"} for n in range(40)])
    published_folder(snapshot / "prompts", 40)
    hub = f"hub:org/words@{REVISION}"
    loaded = {
        "new": TABLE | {"source": f"{hub}/data/a.jsonl"},
        "own": PUBLISHED | {"source": f"{hub}/prompts"},
    }
    study.write_params(params_with({"loaded": loaded, "train": ["new"], "test": ["own"]}))
    assert "own: 10 inputs" in study.stage(write_tasks)
    loaded["new"]["source"] = f"hub:org/words@{REVISION[::-1]}/data/a.jsonl"
    study.write_params(params_with({"loaded": loaded, "train": ["new"], "test": ["own"]}))
    output = study.fails(write_tasks).splitlines()
    assert "a.jsonl: the hub did not give it: " in output[-1]


def test_the_params_of_a_published_folder_can_be_pasted(study):
    published_folder(study.root / "prompts", 40)
    output = study.stage(published_params, "prompts")
    told = yaml.safe_load(output)
    assert "# published_quiz: multiple_choice, 40 inputs, 0 bad rows; among_a_or_c, id" in output
    assert (told["tasks"]["train"], told["tasks"]["test"]) == (
        ["published_quiz", "published_rivers"],
        ["published_coins"],
    )
    params = copy.deepcopy(DEFAULT) | {"properties": told["properties"]}
    params["tasks"] = told["tasks"]
    study.write_params(params)
    assert "experiments.calibration.properties: 'first_character' is" in study.fails(write_tasks)
    lines = (line.removeprefix("# ") for line in output.splitlines())
    elsewhere = {
        key: value
        for line in lines
        if line.startswith(("evaluate.", "experiments."))
        for key, value in yaml.safe_load(line).items()
    }
    assert elsewhere == {
        "evaluate.ceiling": None,
        "experiments.calibration.properties": told["properties"],
    }
    for key, value in elsewhere.items():
        *sections, last = key.split(".")
        reduce(getitem, sections, params)[last] = value
    study.write_params(params)
    assert f"published_rivers: {told['tasks']['train_inputs']} inputs" in study.stage(write_tasks)


def test_the_params_of_a_published_folder_name_its_tasks_as_params_may(study):
    odd = ["sets/Hard-Set", "sets_Hard-Set", "SETS_hard-set", "my lakes", "1e5", "\u010d" * 300]
    odd += ["k" * 90, "k" * 80]
    for number, task in enumerate(odd):
        rows = [text_row(task, 20 * number + n, "first_word") for n in range(20)]
        folder = "train" if number % 2 else "test"
        write_lines(study.root / f"prompts/{folder}/{number}_first_word.jsonl", rows)
    output = study.stage(published_params, "prompts")
    told = yaml.safe_load(output)["tasks"]["loaded"]
    assert {name: spec["task"] for name, spec in told.items()} == {
        "published_SETS_hard-set": "SETS_hard-set",
        "published_sets_Hard-Set_2": "sets_Hard-Set",
        "published_sets_Hard-Set_3": "sets/Hard-Set",
        "published_my_lakes": "my lakes",
        "published_1e5": "1e5",
        "published__": "\u010d" * 300,
        f"published_{'k' * 54}": "k" * 80,
        f"published_{'k' * 52}_2": "k" * 90,
    }
    others = {key: DEFAULT[key] for key in DEFAULT if key not in ("tasks", "properties")}
    others["experiments"] = {"run": []}
    (study.root / "params.yaml").write_text(f"{yaml.safe_dump(others)}{output}", encoding="utf-8")
    assert "published_sets_Hard-Set_3: " in study.stage(write_tasks)


def test_a_published_task_without_an_input_is_left_out_of_the_params(study):
    rows = [text_row("lakes", n, "first_word") for n in range(3)]
    write_lines(
        study.root / "prompts/train/a.jsonl", [row | {"original_question": ""} for row in rows]
    )
    assert "no task has an input" in study.fails(published_params, "prompts")
    rows = [text_row("seas", n, "first_word") for n in range(3)]
    write_lines(study.root / "prompts/train/b.jsonl", rows)
    output = study.stage(published_params, "prompts")
    assert "# lakes: left out: none of its 3 rows gives an input" in output
    assert list(yaml.safe_load(output)["tasks"]["loaded"]) == ["published_seas"]


def test_a_folder_without_held_out_tasks_gives_params_that_say_what_to_name(study):
    rows = [text_row("lakes", n, "first_word") for n in range(3)]
    write_lines(study.root / "prompts/train/a.jsonl", rows)
    output = study.stage(published_params, "prompts")
    assert "# none is in test/: name under `test` what is to be there" in output
    tasks = yaml.safe_load(output)["tasks"]
    assert "test" not in tasks and (tasks["pilot_inputs"], tasks["test_inputs"]) == (1, 1)
    assert tasks["rehearsal_inputs"] == 0


@pytest.mark.skipif(not RELEASE.is_dir(), reason="the published prompt set is not here")
def test_all_files_of_the_published_prompt_set_are_loaded(study):
    study.write_params(DEFAULT)
    told = yaml.safe_load(study.stage(published_params, str(RELEASE)))
    tasks = told["tasks"]
    assert [name.removeprefix("published_") for name in tasks["train"] + tasks["test"]] == [
        "arc_challenge_non_cot",
        "colors_long",
        "countries_long",
        "power_seeking",
        "wealth_seeking",
        "wikipedia_long",
        # of the paper's twelve, mmlu_non_cot is missing in the release
        "animals_long",
        "english_words_long",
        "myopic_reward",
        "stories_sentences",
        "survival_instinct",
    ]
    params = copy.deepcopy(DEFAULT) | {"properties": told["properties"]}
    params["tasks"] = tasks | dict.fromkeys(("train_inputs", "test_inputs"), 5)
    params["tasks"] |= {"rehearsal_inputs": 2, "pilot_inputs": 3}
    params["experiments"]["run"] = []
    study.write_params(params)
    study.stage(write_tasks)
    assert len(list(RELEASE.glob("*/*.jsonl"))) == 47
    asked = 0
    for path in sorted((study.root / "data/tasks").glob("*.parquet")):
        rows = read_table("tasks", path)
        name = path.stem.removeprefix("published_")
        published = [
            json.loads(line)
            for file in RELEASE.glob(f"*/{name}_*.jsonl")
            for line in file.read_text(encoding="utf-8").strip().split("\n")
        ]
        by_question = {
            (row["original_question"], row["behavioral_property"]): row for row in published
        }
        for row in rows:
            for own in row["questions"]:
                source = by_question[row["input"], own["property"]]
                assert own["messages"] == source["hypothetical_prompt"]
                assert row["object_prompt"] == source["object_level_prompt"]
            asked += len(row["questions"])
        assert len(rows) == (5 if path.stem in tasks["train"] else 10)
    assert asked == 5 * (3 + 7 + 5 + 1 + 1 + 7) + 10 * (7 + 7 + 1 + 7 + 1)
