"""Options in the forms in which files hold them; shuffled, the letters go with their texts."""

from collections import Counter

import pytest

from stages.study.item import lettered
from stages.study.splits import input_id
from stages.tasks.files.columns import BadRow
from stages.tasks.files.options import Options, option_letter, row_options
from stages.tasks.files.rows import RowForm, loaded_task, row_input

TEXTS = ("hail", "fog", "snow")
NUMBERED = Options(TEXTS, ("1", "2", "3"))


@pytest.mark.parametrize(
    ("row", "named", "labels"),
    [
        ({"all": list(TEXTS)}, "all", ()),
        ({"all": {"text": list(TEXTS), "label": ["1", "2", "3"]}}, "all", ("1", "2", "3")),
        ({"all": {"text": list(TEXTS), "label": [1, 2.0, "3"]}}, "all.text", ("1", "2", "3")),
        ({"all": {"text": list(TEXTS)}}, "all.text", ()),
        (
            {"all": [{"label": c, "text": t} for c, t in zip("xyz", TEXTS, strict=True)]},
            "all",
            "xyz",
        ),
        ({"q": {"all": [{"text": t} for t in TEXTS]}}, "q.all", ()),
        ({"all": dict(zip("ABC", TEXTS, strict=True)) | {"D": None}}, "all", "ABC"),
        ({"one": "hail", "two": "fog", "three": "snow"}, ("one", "two", "three"), ()),
    ],
)
def test_options_are_read_as_files_hold_them(row, named, labels):
    assert row_options(row, named) == Options(TEXTS, tuple(labels))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("['a', 'b']", "is no list of options; a list in CSV is text"),
        (["a", None], "an option is missing"),
        (["a", float("nan")], "an option is missing"),
        (["a", " "], "an option is blank"),
        (["a", "b", "a "], "two options of .* are the same"),
        ([str(n) for n in range(27)], "27 options; 2 to 26 are allowed"),
        ({"text": ["a", "b"], "label": ["1", "1"]}, r"\['1', '1'\] are no labels of its options"),
        ({"text": ["a", "b"], "label": ["1"]}, "are no labels of its options, one each"),
        ({}, "0 options; 2 to 26 are allowed"),
    ],
)
def test_what_is_no_list_of_options_is_named(value, reason):
    with pytest.raises(BadRow, match=reason):
        row_options({"all": value}, "all")


@pytest.mark.parametrize("told", [" (B)", "b.", "B)", "(b)", "B"])
def test_the_traits_letter_is_read_as_in_an_answer(told):
    assert option_letter({"trait": told}, "trait", Options(TEXTS)) == "B"


@pytest.mark.parametrize("told", ["2", 2, 2.0, " 2 "])
def test_the_traits_option_may_be_named_by_its_label(told):
    assert option_letter({"trait": told}, "trait", NUMBERED) == "B"
    upside_down = Options(TEXTS, ("3", "2", "1"))
    assert option_letter({"trait": "3"}, "trait", upside_down) == "A"
    assert option_letter({"trait": "b"}, "trait", Options(TEXTS, ("A", "B", "C"))) == "B"


@pytest.mark.parametrize(
    ("told", "options"), [("B", NUMBERED), ("4", NUMBERED), ("D", Options(TEXTS))]
)
def test_a_trait_that_is_none_of_the_options_is_named(told, options):
    with pytest.raises(
        BadRow, match=rf"'{told}' is no letter of its options; allowed: (1, 2, 3|A)"
    ):
        option_letter({"trait": told}, "trait", options)


def test_options_that_are_letters_stand_in_the_text_in_their_order():
    form = RowForm("q", "{text}", options=("yes", "no"), trait_option="yes")
    found = row_input({"q": "Rain? (A) yes (B) no", "yes": " (B)", "no": " (A)"}, form)
    assert (found.item.options, found.item.trait_option) == ((" (A)", " (B)"), "B")
    assert found.item.text == "Rain? (A) yes (B) no"


SHUFFLED = RowForm("q", "{text}\n{options}\nWhich?", "So:", "all", "trait", shuffle_options=True)


def shuffled_task(count: int):
    rows = [{"q": f"Day {n}?", "all": list(TEXTS), "trait": "A"} for n in range(count)]
    inputs = [row_input(row, SHUFFLED) for row in rows]
    return loaded_task("days", "values", inputs, shuffle_options=True), inputs


def test_shuffled_options_are_in_text_and_prompt_and_the_trait_goes_with_its_option():
    task, _ = shuffled_task(90)
    for item in task.candidates(0):
        assert sorted(item.options) == sorted(TEXTS)
        assert item.options["ABC".index(item.trait_option)] == "hail"
        assert item.text.endswith(f"?\n{lettered(item.options)}")
        assert task.prompt(item)[0]["content"] == f"{item.text}\nWhich?"
    letters = Counter(item.trait_option for item in task.candidates(0))
    assert set(letters) == set("ABC") and min(letters.values()) > 20


def test_the_order_is_decided_by_seed_and_id_and_the_id_by_the_row():
    task, inputs = shuffled_task(40)
    fewer, _ = shuffled_task(20)
    by_key = {item.key: item for item in task.candidates(0)}
    assert set(by_key) == {loaded.item.text for loaded in inputs}  # as where none are shuffled
    assert all(by_key[item.key] == item for item in fewer.candidates(0))
    assert {item.key: item for item in task.candidates(1)} != by_key
    ids = [{input_id("days", item.key) for item in task.candidates(seed)} for seed in (0, 1)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("Rain?\n(A) yes\n(B) no", ["yes", "no"], "its text has options of its own"),
        ("Rain?", ["yes", "no", "none of the above"], "option 'none of the above', which names"),
        ("Rain?", ["A", "B", "Both A and B"], "option 'Both A and B', which names a place"),
        ("Rain?", ["A", "B"], "its options are letters of others"),
        ("Rain?", ["B. yes", "A. no"], "option 'B. yes', which names a place"),
        ("Rain?", ["A. yes", "B. no"], "option 'A. yes', which names a place"),
    ],
)
def test_options_that_cannot_change_places_are_a_bad_row(text, options, reason):
    with pytest.raises(BadRow, match=reason):
        row_input({"q": text, "all": options, "trait": "A"}, SHUFFLED)


NAMING = """A and C only|A, B and C|Options A and B|A & B|A/B|Answer A|Same as A|Not A|(A) or (C)
B only|a and b|C is wrong|Either B or D|All but the last|Both of the first two|the former|1 and 2
Any of the preceding|None of these|all of them|Both|the others|Choice 2|1 only|as above|A to C
all except the second|the first two|Only C|A-C|None of the other answers|neither is true"""
BESIDE = r"""Which? (A) hail (B) fog|Q? A. hail B. fog|[A] hail\n[B] fog|**A.** hail\n**B.** fog
- A: hail\n- B: fog|a. hail\nb. fog|1. hail\n2. fog|The first option is wrong. So?|Is option B true?
(1) hail (2) fog|A - hail\nB - fog|Why is the last answer wrong?"""


@pytest.mark.parametrize("option", NAMING.replace("\n", "|").split("|"))
def test_an_option_that_names_others_is_not_moved(option):
    with pytest.raises(BadRow, match="names a place; where it does not, word it otherwise"):
        row_input({"q": "Now?", "all": ["x", "y", option, "z"], "trait": "A"}, SHUFFLED)


@pytest.mark.parametrize("text", BESIDE.replace("\n", "|").split("|"))
def test_options_that_stand_in_the_text_are_not_moved(text):
    row = {"q": text.replace("\\n", "\n"), "all": ["hail", "fog"], "trait": "A"}
    with pytest.raises(BadRow, match=r"its text (has options of its own|names a place)"):
        row_input(row, SHUFFLED)


MOVABLE = """A dog|Vitamin A|none|1/2|3 and 5|the first president|Above the water|all of the water
A. Lincoln|the other side|in 1951|I and my dog|the last day of May|one of the oldest towns"""


@pytest.mark.parametrize("option", MOVABLE.replace("\n", "|").split("|"))
def test_an_option_that_names_no_other_is_moved(option):
    row_input({"q": "Who (A) or what?", "all": ["x", "y", option], "trait": "A"}, SHUFFLED)
