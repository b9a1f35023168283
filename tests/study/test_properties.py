"""Properties agree with the published definitions; truth and answer are read alike."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.study.compliance import behavior_compliance, choice_letter
from stages.study.properties import (
    PROPERTIES,
    PUBLISHED_NAMES,
    comparable,
    property_value,
)
from tests.conftest import ROOT

FIXTURES = ROOT.parent / "shared" / "fixtures" / "properties.jsonl"
NAMES = sorted(PROPERTIES)
EXAMPLES = [
    ("first_character", "Lion", "L"), ("second_character", "a cat", " "),
    ("third_character", "ab", None), ("first_word", "Meanwhile, it", "Meanwhile,"),
    ("second_word", "one\ntwo", "two"), ("third_word", "one two", None),
    ("starts_with_vowel", "Égal", "false"), ("starts_with_vowel", "Owl", "true"),
    ("starts_with_vowel", "", "none"), ("among_a_or_c", "c", "true"),
    ("among_a_or_c", "C.", "false"), ("among_b_or_d", "B", "true"), ("identity", " B\n", "B"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "response", "expected"), EXAMPLES)
def test_extract_reads_the_raw_answer(name, response, expected):
    assert PROPERTIES[name].extract(response) == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_answer_has_no_value(name):
    expected = "none" if name == "starts_with_vowel" else None
    assert PROPERTIES[name].extract(None) == expected


def test_extract_agrees_with_the_published_definitions():
    if not FIXTURES.is_file():
        pytest.skip("the reference values are not part of the repository")
    compared = 0
    for row in map(json.loads, FIXTURES.read_text(encoding="utf-8").splitlines()):
        name = PUBLISHED_NAMES.get(row["property"], row["property"])
        if name in PROPERTIES:
            expected = row["expected"]
            expected = str(expected).lower() if isinstance(expected, bool) else expected
            assert PROPERTIES[name].extract(row["response"], (), row.get("target")) == expected, row
            compared += 1
    assert compared > 200


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
    ],
)
def test_the_study_reads_compliant_answers_in_one_form(name, family, response, expected):
    options = ("one", "two") if family == "values" else ("one", "two", "three", "four")
    assert property_value(name, response, family, options, "A") == expected


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("first_character", '"L".', (None, False)), ("first_character", "'L'", ("l", True)),
        ("first_character", "L.", ("l", True)), ("first_character", '"', ('"', True)),
        ("first_character", "Space", ("space", True)), ("first_character", " ", ("space", True)),
        ("first_character", "", (None, False)), ("first_word", "Meanwhile,", ("meanwhile", True)),
        ("first_word", "the word", (None, False)), ("starts_with_vowel", "True.", ("true", True)),
        ("starts_with_vowel", "yes", (None, False)), ("identity", "(C)", ("c", True)),
        ("identity", "E", (None, False)), ("first_word", "one\nmore", ("one", True)),
    ],
)  # fmt: skip
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
    family = prop.families[0]
    label = property_value(name, text, family, ("w", "x", "y", "z"), "A")
    if label is not None:
        assert prop.parse_answer(label) == (label, True)
        assert prop.parse_answer(f"{label}\n") == (label, True)


@given(st.text(), st.sampled_from(["sequence", "continuation", "multiple_choice", "values"]))
def test_compliance_of_any_text_is_told(text, family):
    options = ("x", "y")
    reason = behavior_compliance(text, family, options=options)
    assert reason in (None, "blank", "refusal", "not_an_option")
    letter = choice_letter(text, options)
    assert letter in (None, "A", "B")
    if family in ("multiple_choice", "values"):
        assert (reason is None) == (letter is not None)


def command(name: str, lines: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "stages.study.properties", name],
        input=lines, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip


def test_the_command_reads_and_writes_json_lines():
    done = command("second_character", '"a cat"\n"x"\n"\\u00c9g"\n')
    assert (done.returncode, done.stdout) == (0, '" "\nnull\n"g"\n')


def test_the_command_refuses_bytes_that_are_not_utf_8():
    done = subprocess.run(
        [sys.executable, "-m", "stages.study.properties", "first_word"],
        input=b'"ok"\n"\xff"\n', capture_output=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2 and b"line 2: not JSON" in done.stderr


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("last_wrod", "", "'last_wrod' is no property; allowed: first_character"),
        ("first_word", '"ok"\nno json\n', "line 2: not JSON"),
        ("first_word", "3\n", "line 1: 3 is no JSON string"),
        ("first_word", "[" * 200_000, "line 1: not JSON"),
        ("first_word", "9" * 5_000, "line 1: not JSON"),
    ],
)
def test_the_command_names_what_is_wrong(name, lines, message):
    done = command(name, lines)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
