"""A row of a file is an input or named as bad; templates reach strings only."""

import pytest

from stages.tasks.files.columns import BadRow
from stages.tasks.files.published_format import (
    lettered_options,
    published_family,
    published_row,
    with_row,
)
from stages.tasks.files.rows import RowForm, loaded_task, row_input
from stages.tasks.files.templates import fill, template_columns
from tests.loaded_files import choice_row, text_row

FORM = RowForm("line", "Go on: {text}")
CHOICE = RowForm("line", "{text}\n{options}\nLetter?", "So:", ("x", "y"), "trait")


@pytest.mark.parametrize(
    "template",
    [
        "{text.__class__}",
        "{text[0]}",
        "{text!r}",
        "{text:>9}",
        "{text:{width}}",
        "{}",
        "{0}",
        "{ }",
        "{text",
        "text}",
    ],
)
def test_templates_name_plain_columns_and_nothing_else(template):
    with pytest.raises(ValueError, match=r"is no plain column|is no template") as error:
        template_columns(template)
    assert repr(template) in str(error.value)


def test_values_are_put_in_as_they_are():
    assert fill("{{{a b}}} {c}", {"a b": "{c}", "c": "%s {0}"}) == "{{c}} %s {0}"
    assert fill("{$}{a.b}, {$}{{a}}", {"a.b": "5"}) == "$5, ${a}"


def test_a_row_is_an_input_with_its_prompt():
    found = row_input({"line": "None", "n": 3}, RowForm("line", "{n}: {text}", "{text}, "))
    assert (found.item.text, found.item.options, found.questions) == ("None", (), None)
    assert found.prompt(found.item) == [
        {"role": "user", "content": "3: None"},
        {"role": "assistant", "content": "None, "},
    ]


def test_a_column_called_options_is_shown_where_the_form_has_none():
    row = {"line": "Soup?", "options": "hot or cold"}
    found = row_input(row, RowForm("line", "{text} {options}"))
    assert found.prompt(found.item)[0]["content"] == "Soup? hot or cold"


def test_options_are_lettered_and_part_of_the_input():
    row = {"line": "Now?", "x": "yes", "y": "no", "trait": " b "}
    found = row_input(row, CHOICE)
    assert found.item.text == "Now?\nA. yes\nB. no"
    assert (found.item.options, found.item.trait_option) == (("yes", "no"), "B")
    assert found.prompt(found.item)[0]["content"] == "Now?\nA. yes\nB. no\nLetter?"
    listed = row_input(
        {"line": "Now?", "all": ["yes", "no", 3]}, RowForm("line", "{text}?", options="all")
    )
    assert (listed.item.text, listed.item.options) == ("Now?", ("yes", "no", "3"))


GOOD = {"line": "Now?", "x": "yes", "y": "no", "trait": "A"}
BAD = [
    (FORM, {"other": "a"}, r"column 'line': it is missing; the row has \['other'\]"),
    (FORM, {"line": None}, "column 'line': its value is missing"),
    (FORM, {"line": " \n"}, "column 'line': it is blank"),
    (FORM, {"line": "\u200b"}, "column 'line': it is blank"),
    (FORM, {"line": 5}, "column 'line': 5 is no string"),
    (FORM, {"line": ["a"]}, r"column 'line': \['a'\] is no string"),
    (FORM, {"line": "\ud800"}, "half of a surrogate pair"),
    (
        RowForm("line", "{n}"),
        {"line": "a", "n": True},
        "column 'n': True is neither text, a number nor",
    ),
    (RowForm("line", "{n}"), {"line": "a", "n": ""}, "the prompt that it gives is blank"),
    (CHOICE, GOOD | {"y": "  "}, "column 'y': an option is blank"),
    (
        CHOICE,
        GOOD | {"trait": "C"},
        "column 'trait': 'C' is no letter of its options; allowed: A, B",
    ),
    (CHOICE, GOOD | {"trait": "AB"}, "column 'trait': 'AB' is no letter"),
    (CHOICE, GOOD | {"trait": ""}, "column 'trait': it is blank"),
    (RowForm("line", "{text}", options="x"), GOOD, "column 'x': 'yes' is no list of options"),
    (RowForm("line", "{text}", options="x"), GOOD | {"x": ["a"]}, "column 'x': 1 options; 2 to 26"),
]


@pytest.mark.parametrize(("form", "row", "message"), BAD)
def test_a_bad_row_names_its_column_and_what_is_wrong(form, row, message):
    with pytest.raises(BadRow, match=message):
        row_input(row, form)


def test_inputs_are_ordered_by_the_seed_and_their_own_text():
    inputs = [row_input({"line": f"line {n}"}, FORM) for n in range(30)]
    task = loaded_task("lines", "continuation", inputs)
    assert set(task.candidates(0)) == {found.item for found in inputs}
    assert list(task.candidates(0)) != list(task.candidates(1))
    fewer = loaded_task("lines", "continuation", inputs[::-1][:20])
    left = set(fewer.candidates(0))
    assert list(fewer.candidates(0)) == [item for item in task.candidates(0) if item in left]


def published(*rows, family):
    found = None
    for row in rows:
        found = with_row(found, published_row(row), family)
    return found


def test_published_prompts_and_questions_are_kept_to_the_letter():
    rows = [text_row("rivers", 1, name) for name in ("first_word", "second_character")]
    found = published(*rows, rows[0], family="continuation")
    assert found.item.text == rows[0]["original_question"]
    assert found.prompt(found.item) == rows[0]["object_level_prompt"]
    assert found.questions == {
        row["behavioral_property"]: row["hypothetical_prompt"] for row in rows
    }


def test_the_option_that_shows_a_trait_is_read_in_values_tasks_only():
    row = choice_row("coins", 1, "ethical_stance")
    values = published(row, family="values").item
    assert (values.options, values.trait_option) == (("keep 1 coins", "keep 2 coins"), "B")
    assert published(row | {"behavioral_property": "identity"}, family="multiple_choice").item == (
        type(values)(values.text, values.options)
    )
    assert published(text_row("rivers", 1, "first_word"), family="continuation").item.options == ()


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (["matches_target"], "values"),
        (["identity", "ethical_stance"], "values"),
        (["among_a_or_c", "identity"], "multiple_choice"),
        (["identity"], "multiple_choice"),
        (["first_word", "starts_with_vowel"], "continuation"),
    ],
)
def test_the_family_is_told_by_the_properties(names, family):
    rows = [published_row(choice_row("coins", 0, name)) for name in names]
    assert published_family(row.property for row in rows) == family


def test_properties_of_different_families_are_refused():
    with pytest.raises(ValueError, match=r"no family of tasks has all .* among_a_or_c, first_word"):
        published_family(["first_word", "among_a_or_c"])


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Q?\nA - one\nB - two\nstill two\nC - 3", ("one", "two\nstill two", "3")),
        ("A - said so\nQ?\nA - one\nB - two", ("one", "two")),
        ("Q?\nA - one\nC - two", ()),
        ("Q? A - one B - two", ()),
    ],
)
def test_options_are_the_lettered_lines_at_the_end(text, options):
    assert lettered_options(text) == options


ROW = choice_row("coins", 0, "ethical_stance")
OTHER_PROMPT = [{"role": "user", "content": "Else?"}]
BAD_PUBLISHED = [
    ({"behavioral_property": "taste"}, "column 'behavioral_property': 'taste' is no property; al"),
    ({"original_question": None}, "column 'original_question': its value is missing"),
    ({"original_question": "Now?"}, "column 'original_question': it has no options; lines that"),
    ({"object_level_prompt": "Now?"}, "column 'object_level_prompt': it is no list of chat mess"),
    ({"object_level_prompt": []}, "column 'object_level_prompt': no message of a user says"),
    ({"hypothetical_prompt": [{"role": "user"}]}, "column 'hypothetical_prompt': a message has"),
    ({"hypothetical_prompt": [{"role": "x", "content": "a"}]}, "column 'hypothetical_prompt'"),
    ({"option_matching_ethical_stance": "C"}, "'C' is no letter of its options; allowed: A, B"),
    ({"option_matching_ethical_stance": None}, "option_matching_ethical_stance': its value is"),
    ({"object_level_prompt": OTHER_PROMPT}, "it is not that of an earlier row with the same"),
    ({"option_matching_ethical_stance": "B"}, "it is not that of an earlier row with the same"),
]


@pytest.mark.parametrize(("changed", "message"), BAD_PUBLISHED)
def test_a_bad_published_row_names_its_column(changed, message):
    with pytest.raises(BadRow, match=message):
        published(ROW, ROW | changed, family="values")
