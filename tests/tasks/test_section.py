"""A wrong value of a loaded task is one line that names the key, the value and what is allowed."""

import pytest
import yaml

from stages.params import load_params
from stages.storage.errors import StudyError
from tests.loaded_files import CHOICE, PUBLISHED, REVISION, TABLE, params_with

SHUFFLED = CHOICE | {"prompt": "{text}\n{options}", "shuffle_options": True}
WRONG = [
    ("animals_long", TABLE, "", "'animals_long' is a task of stages/tasks; use another"),
    ("a/b", TABLE, "", "'a/b' is no plain name"),
    ("new", TABLE | {"txt": "a"}, ".new.txt", "unknown key; allowed: source, format, text"),
    ("new", {"text": "a"}, ".new.source", "this key is missing"),
    ("new", TABLE | {"source": "a.csv"}, ".new.source", "'a.csv' is no source of a task; use"),
    ("new", TABLE | {"source": "hub:a/b@main/c.csv"}, ".new.source", "names no pinned data set"),
    ("new", TABLE | {"source": f"hub:a/b@{REVISION}"}, ".new", "names no file of rows; use hub:"),
    ("new", TABLE | {"source": "path:a.pkl"}, ".new", "names no file of rows; use path:FILE; .j"),
    ("new", TABLE | {"prompt": "{text.__class__}"}, ".new.prompt", "{text.__class__} is no plain"),
    ("new", TABLE | {"begun": "{text"}, ".new.begun", "is no template: expected '}'"),
    ("new", TABLE | {"prompt": "Go on"}, ".new", "prompt 'Go on' names no column"),
    ("new", {k: v for k, v in TABLE.items() if k != "text"}, ".new", "format table needs text"),
    ("new", TABLE | {"family": "essay"}, ".new.family", "'essay': Input should be 'sequence'"),
    ("new", TABLE | {"family": "values"}, ".new", "family values needs options"),
    ("new", TABLE | {"options": "x"}, ".new", "family continuation takes no options"),
    ("new", CHOICE | {"options": ["x"]}, ".new.options", "name two columns at least, or one"),
    ("new", CHOICE | {"family": "values"}, ".new", "family values needs trait_option"),
    ("new", CHOICE | {"trait_option": "t"}, ".new", "family multiple_choice takes no trait_option"),
    ("new", SHUFFLED | {"options": None, "family": None}, ".new", "shuffle_options needs options"),
    (
        "new",
        SHUFFLED | {"prompt": "{text}?"},
        ".new",
        "shuffle_options needs options, and {options",
    ),
    ("new", SHUFFLED | {"begun": "{x} is"}, ".new", "shuffle_options cannot move {x}, an option"),
    ("new", PUBLISHED | {"shuffle_options": True}, ".new", "options within a published text can"),
    ("new", TABLE | {"prompt": "${seed}{text}"}, ".new.prompt", "dvc exp run -S puts a value of"),
    ("new", TABLE | {"prompt": "{options.a}"}, ".new.prompt", "{options.a} is no plain column"),
    ("new", TABLE | {"task": "rivers"}, ".new", "task is a key of format published only"),
    ("new", TABLE | {"sha256": "abc"}, ".new.sha256", "'abc': 64 hex digits are allowed"),
    ("new", TABLE | {"bad_rows": 2.0}, ".new.bad_rows", "2.0: Input should be less"),
    ("new", TABLE | {"format": "arrow"}, ".new.format", "'arrow': Input should be 'table' or"),
    ("new", PUBLISHED | {"text": "a"}, ".new", "text is no key of format published"),
    ("new", PUBLISHED | {"task": None}, ".new", "format published needs task"),
]


@pytest.mark.parametrize(("name", "spec", "key", "message"), WRONG)
def test_a_wrong_value_is_one_line(tmp_path, name, spec, key, message):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params_with({"loaded": {name: spec}})))
    with pytest.raises(StudyError) as caught:
        load_params(tmp_path / "params.yaml")
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{tmp_path}/params.yaml: tasks.loaded{key}: ") and message in line


def test_a_name_is_a_tasks_of_ours_or_a_loaded_one(tmp_path):
    params = params_with({"loaded": {"unused": PUBLISHED, "new": TABLE}, "train": ["new", "old"]})
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    with pytest.raises(StudyError, match=r"train: 'old' is no task; allowed: new, unused, c"):
        load_params(tmp_path / "params.yaml")
    params["tasks"]["train"] = ["new"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    assert load_params(tmp_path / "params.yaml").tasks.loaded["new"].text == "line"


def test_a_table_is_asked_something(tmp_path):
    params = params_with({"loaded": {"new": CHOICE}, "test": ["new"]}, properties=["first_word"])
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    with pytest.raises(StudyError, match=r"properties: .*none is asked of task 'new', whose fam"):
        load_params(tmp_path / "params.yaml")


def test_a_task_that_brings_its_questions_may_stand_beside_the_third_person(tmp_path):
    params = params_with({"loaded": {"new": PUBLISHED}, "test": ["new"]})
    params["cross_questions"] = {"train": "third", "test": "third"}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    assert load_params(tmp_path / "params.yaml")


def test_rehearsal_inputs_may_be_none_unless_they_are_to_be_taught(tmp_path):
    params = params_with({"rehearsal_inputs": 0})
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    with pytest.raises(
        StudyError, match=r"behavior_change.inputs: 2 are to be taught, and tasks.re"
    ):
        load_params(tmp_path / "params.yaml")
    params["experiments"]["run"] = []
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    assert load_params(tmp_path / "params.yaml").tasks.counts["rehearsal_inputs"] == 0
