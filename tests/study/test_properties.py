"""Truth and answer are read alike; a property is a file of its own; the command line."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from stages.storage.errors import StudyError
from stages.study import properties
from stages.study.compliance import behavior_compliance
from stages.study.properties import (
    PROPERTIES,
    TEXT,
    Property,
    asking,
    comparable,
    one_of,
    property_value,
)
from stages.study.properties.__main__ import main
from stages.study.properties.discovery import discovered
from stages.study.text.letters import choice_letter
from tests.conftest import ROOT

NAMES = sorted(PROPERTIES)
FAMILIES = ("sequence", "continuation", "multiple_choice", "values", "number")
KINDS = {id(prop.answer_kind): prop for prop in PROPERTIES.values()}.values()


@pytest.mark.parametrize(
    ("name", "family", "response", "expected"),
    [
        ("first_word", "sequence", "Meanwhile, it", "meanwhile"),
        ("first_word", "sequence", "... it", "..."),
        ("second_character", "sequence", "a cat", "space"),
        ("first_character", "continuation", "Zebra", "z"),
        ("starts_with_vowel", "sequence", "Owl; Cat;", "true"),
        ("first_word", "sequence", "I'm sorry, but I can't do that.", None),
        ("first_word", "continuation", "He said sorry and left.", "he"),
        ("identity", "multiple_choice", "(b) Peru", "b"),
        ("among_b_or_d", "multiple_choice", "B. Peru", "true"),
        ("among_a_or_c", "multiple_choice", "A dog is here", None),
        ("ethical_stance", "values", "A.", "true"),
        ("ethical_stance", "values", "B - no", "false"),
        ("ethical_stance", "values", "C", None),
        ("is_even_direct", "number", "7, 9", "odd"),
        ("is_even_direct", "number", "the 7", None),
        ("is_even_direct", "number", "4.", "even"),
        ("is_even_direct", "number", "4.5", None),
        ("first_word", "sequence", "none of them", "none"),
        ("first_and_second_character", "sequence", "A cat", "a space"),
        ("second_and_third_character", "continuation", "Tom", "om"),
        ("is_even_direct", "number", " 12", "even"),
        ("is_even", "number", "twelve", None),
        ("is_third_digit_even", "number", "42", None),
        ("sum_of_digits", "number", "٣٤", "7"),
        ("round_to_nearest_10", "number", "-15", "-20"),
        ("round_to_nearest_10", "number", "ten", None),
        ("number_of_words", "continuation", "He left.", "2"),
        ("how_many_words_bins", "continuation", "He left.", "1 to 10"),
    ],
)
def test_the_study_reads_compliant_answers_in_one_form(name, family, response, expected):
    options = ("one", "two") if family == "values" else ("one", "two", "three", "four")
    assert property_value(name, response, family, options, "A") == expected


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("first_character", '"L".', (None, False)),
        ("first_character", "'L'", ("l", True)),
        ("first_character", "L.", ("l", True)),
        ("first_character", '"', ('"', True)),
        ("first_character", "Space", ("space", True)),
        ("first_character", " ", ("space", True)),
        ("first_character", "", (None, False)),
        ("first_word", "Meanwhile,", ("meanwhile", True)),
        ("first_word", "the word", (None, False)),
        ("starts_with_vowel", "True.", ("true", True)),
        ("starts_with_vowel", "yes", (None, False)),
        ("identity", "(C)", ("c", True)),
        ("identity", "E", ("e", True)),
        ("identity", "An", (None, False)),
        ("first_word", "one\nmore", ("one", True)),
        ("number_of_words", "**012**", ("12", True)),
        ("number_of_words", "١٢.", ("12", True)),
        ("number_of_words", "two", (None, False)),
        ("sum_of_digits", "9" * 5_000, (None, False)),
        ("round_to_nearest_10", "-20", ("-20", True)),
        ("first_and_second_character", '"Th".', (None, False)),
        ("first_and_second_character", "'Th'", ("th", True)),
        ("first_and_second_character", "T Space.", ("t space", True)),
        ("first_and_second_character", "the", (None, False)),
        ("how_many_words_bins", "More than 20.", ("more than 20", True)),
        ("identity_reversed", "  tac  A ", ("tac a", True)),
    ],
)
def test_an_answer_is_parsed_and_its_compliance_told(name, raw, expected):
    assert PROPERTIES[name].parse_answer(raw) == expected


@given(st.sampled_from(NAMES), st.text())
def test_no_text_makes_parsing_fail(name, text):
    prop = PROPERTIES[name]
    answer, compliant = prop.parse_answer(text)
    assert (answer is not None) == compliant
    assert prop.extract(text) is None or isinstance(prop.extract(text), str)
    if answer is not None:
        assert comparable(answer, prop) == answer


@given(st.sampled_from(NAMES), st.text(min_size=1))
def test_a_predictor_that_says_the_label_is_right(name, text):
    prop = PROPERTIES[name]
    family = prop.families[-1]
    label = property_value(name, text, family, ("w", "x", "y", "z"), "A")
    if label is not None:
        assert prop.parse_answer(label) == (label, True)
        assert prop.parse_answer(f"{label}\n") == (label, True)


@pytest.mark.parametrize("prop", KINDS, ids=lambda prop: prop.name)
def test_every_closed_answer_complies_however_it_is_spelled(prop):
    for answer, spellings in (prop.closed_answers() or {}).items():
        assert all(prop.parse_answer(spelling) == (answer, True) for spelling in spellings)


def test_most_kinds_of_answers_are_closed():
    assert sum(bool(prop.closed_answers()) for prop in KINDS) >= 8


OWN = """
from stages.study.properties import TEXT, Property, asking, one_of

PROPERTIES = (
    Property(
        {name!r}, asking("calm or loud: its tone"), one_of("calm", "loud"), TEXT,
        lambda response, _: "loud" if "!" in response else "calm",
    ),
)
"""


@pytest.fixture
def with_file(tmp_path, monkeypatch):
    """Finds the properties there are when a user has put a file into the folder."""

    def find(text: str, module: str) -> dict[str, Property]:
        (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(properties, "__path__", [*properties.__path__, str(tmp_path)])
        monkeypatch.delitem(sys.modules, f"{properties.__name__}.{module}", raising=False)
        return discovered(properties.__name__, properties.__path__)

    return find


def test_a_file_in_the_folder_is_all_that_a_property_takes(with_file):
    found = with_file(OWN.format(name="tone"), "own_tone")
    assert set(found) == {*PROPERTIES, "tone"}
    assert found["tone"].extract("Stop!") == "loud"
    assert found["tone"].parse_answer("Calm.") == ("calm", True)


TONE = """
from stages.study.properties import TEXT, Property, asking, one_of

PROPERTIES = (Property("tone", asking("its tone"), one_of("calm", "loud"), TEXT, {0}),)
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWN.format(name="last_word"), r"'last_word' stands in .*own\.py and in .*/words\.py"),
        (OWN.format(name="matches_target"), r"'matches_target' .*/choices\.py and in .*own\.py"),
        (OWN.format(name="a tone"), r"own\.py, line 5: .*'a tone': name is .*; allowed: letters"),
        ("PROPERTIES = ['tone']", r"own\.py: PROPERTIES is \['tone'\]; a tuple is allowed"),
        ("\n\ndef tone(:", r"own\.py, line 3: SyntaxError: invalid syntax$"),
        ("\nimport no_such_thing", r"own\.py, line 2: ModuleNotFoundError: No module named"),
        ("raise SystemExit('bye')", r"own\.py, line 1: SystemExit: bye$"),
        (
            TONE.format("'calm'"),
            r"own\.py, line 4: .*'tone': definition is 'calm'; allowed: a func",
        ),
        (TONE.format("str, 3"), r"'tone': reads is 3; allowed: None, or how many characters"),
        (OWN.format(name="Last_Word"), r"'last_word' stands in .*own\.py and in .*/words\.py"),
        (TONE.replace('"calm", "loud"', ""), r"line 4: .*one_of: \(\); allowed: one or more texts"),
        (TONE.replace("calm", "loud"), r"one_of: .*; allowed: one or more texts, each once"),
        (TONE.replace('"calm"', "3"), r"one_of: 3 is no text"),
        (
            TONE.replace("TEXT, {", "(['number'],), {").format("str"),
            r"families is .*allowed: a tup",
        ),
        (
            TONE.replace('"calm"', '"Calm"'),
            r"one_of: 'Calm' would never be replied; allowed: 'calm'",
        ),
    ],
)
def test_a_file_that_is_wrong_is_named_in_a_line(with_file, text, message):
    with pytest.raises(StudyError, match=message) as raised:
        with_file(text, "own")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("lambda answer, _: len(answer)", "its value is 5; a text or None is allowed"),
        ("lambda answer, _: True", "its value is True; a text or None is allowed"),
        ("lambda answer, _: 'angry'", "its value is 'angry'; allowed: calm, loud"),
        ("lambda answer, _: answer.split()[1]", "its definition fails: IndexError: list index out"),
        ("lambda answer, _: exit(0)", "its definition fails: SystemExit: 0"),
        (r"lambda answer, _: '\ud800'", r"its value is '\\ud800'; a text or None is allowed"),
        ("lambda answer: 'calm'", "its definition fails: TypeError: .* takes 1 positional"),
    ],
)
def test_a_value_that_cannot_be_names_file_property_and_answer(with_file, definition, message):
    tone = with_file(TONE.format(definition), "own")["tone"]
    with pytest.raises(
        StudyError, match=f"own.py: property 'tone': of the answer 'Stop!' {message}"
    ):
        tone.value("Stop!")


@pytest.mark.parametrize(
    ("read", "write", "message"),
    [
        ("lambda text: 1 / 0", "str", "answer_kind.read fails: ZeroDivisionError"),
        ("lambda text: 3", "str", "answer_kind.read is 3; a text or None is allowed"),
        ("str", "lambda text: text[99]", "answer_kind.write fails: IndexError"),
        ("str", "lambda text: None", "answer_kind.write gives None; write a text"),
    ],
)
def test_a_kind_of_answer_that_fails_is_named_in_a_line(with_file, read, write, message):
    kind = f"__import__('stages').study.properties.AnswerKind({read}, {write})"
    tone = TONE.format("str").replace('one_of("calm", "loud")', kind)
    with pytest.raises(
        StudyError, match=f"own.py: property 'tone': of the answer 'hm' .*{message}"
    ):
        with_file(tone, "own")["tone"].parse_answer("hm")


def test_the_letters_of_all_options_of_an_input_are_closed_answers():
    identity = PROPERTIES["identity"]
    assert [list(identity.closed_answers("x" * n) or ())[-1] for n in (0, 2, 5)] == ["d", "d", "e"]


def test_a_value_is_brought_to_the_form_of_its_closed_set(with_file):
    tone = with_file(TONE.format("lambda answer, _: answer or None"), "own")["tone"]
    assert [tone.value(text) for text in (" LOUD!", "“Calm”", "")] == ["loud", "calm", None]


@pytest.mark.parametrize(
    ("question", "families", "message"),
    [
        ("Is it loud?", TEXT, "allowed: a text that says 'your answer' once"),
        ("Is your answer your answer?", TEXT, "allowed: a text that says 'your answer' once"),
        (
            asking("its tone"),
            ("poems",),
            "allowed: a tuple of sequence, continuation, multiple_cho",
        ),
        (asking("its tone"), (), "allowed: a tuple of sequence"),
        (asking("its tone"), "number", "allowed: a tuple of sequence"),
    ],
)
def test_a_property_that_cannot_be_asked_is_refused(question, families, message):
    with pytest.raises(ValueError, match=f"property 'tone': .*{message}"):
        Property("tone", question, one_of("calm", "loud"), families, lambda response, _: "calm")


@given(st.text(), st.sampled_from(FAMILIES))
def test_compliance_of_any_text_is_told(text, family):
    options = ("x", "y")
    reason = behavior_compliance(text, family, options=options)
    assert reason in (None, "blank", "refusal", "not_an_option", "not_a_number")
    letter = choice_letter(text, options)
    assert letter in (None, "A", "B")
    if family in ("multiple_choice", "values"):
        assert (reason is None) == (letter is not None)


def command(lines: str | bytes, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, input=lines)


def told(lines: str, *arguments: str) -> list[dict]:
    """What the command says of each line."""
    done = command(lines, *arguments)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_command_shows_what_the_study_uses_beside_the_published_value():
    assert told('"a cat"\n"x"\n', "second_character") == [
        {"study": "space", "published": " "},
        {"study": None, "published": None},
    ]
    assert told('"A. Peru"\n"A or B"\n', "is_either_a_or_c") == [
        {"study": "true", "published": "false"},
        {"study": None, "published": "false", "left_out": "not_an_option"},
    ]
    assert told('"1,001"\n', "is_even_direct") == [{"study": "odd", "published": None}]
    assert told('null\n"I can’t."\n', "first_word") == [
        {"study": None, "published": None, "left_out": "blank"},
        {"study": None, "published": "I", "left_out": "refusal"},
    ]


def test_the_command_takes_options_and_their_trait():
    options = ("--option", "Oslo", "--option", "Lima")
    found = told('"(b) Lima"\n"C"\n', "matches_target", "B", *options)
    assert [line["study"] for line in found] == ["true", None]


def test_the_command_prints_text_as_text_but_for_what_acts_on_a_terminal():
    done = command('"Zu\\u0308rich 猫 \\u202e"\n"\\u001b[31m"\n', "first_word")
    assert done.stdout.splitlines()[0] == '{"study": "zürich", "published": "Zu\u0308rich"}'
    assert "\x1b" not in done.stdout and "\\u001b" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("B", "--option", "Oslo"), "TRAIT_OPTION 'B': allowed: A"),
        (("Z",), "TRAIT_OPTION 'Z': allowed: A, B, C, D"),
        (("--option", "Oslo") * 27, "--option stands 27 times; at most 26 are allowed"),
    ],
)
def test_the_command_refuses_options_that_have_no_letter(arguments, message):
    done = command("", "ethical_stance", *arguments)
    assert done.exit_code == 2 and message in done.stderr


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("last_wrod", "", "'last_wrod' is no property; allowed: first_character"),
        ("first_word", '"ok"\nno json\n', "line 2: not JSON"),
        ("first_word", b'"ok"\n"\xff"\n', "line 2: not JSON"),
        ("first_word", "3\n", "line 1: 3 is no JSON string"),
        ("first_word", "[" * 200_000, "line 1: not JSON"),
        ("first_word", "9" * 5_000, "line 1: not JSON"),
    ],
)
def test_the_command_names_what_is_wrong(name, lines, message):
    done = command(lines, name)
    assert done.exit_code == 2 and message in done.stderr and done.exc_info[0] is SystemExit


def test_a_wrong_file_of_ones_own_is_a_line_of_any_command(tmp_path):
    shutil.copytree(ROOT / "stages", tmp_path / "stages")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "stages/study/properties/own.py").write_text("PROPERTIES = tone", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "stages.write_tasks"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "stages/study/properties/own.py, line 1: NameError: name 'tone'" in done.stderr
