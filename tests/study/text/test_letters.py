"""The letter that an answer chooses, as models write it; of several it chooses none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stages.study.text.letters import SEEN, choice_decided, choice_letter

FOUR = ("Oslo", "Lima", "Rome", "Bonn")
WRITTEN = """B|b|(b)|'B'|**B**|B. Lima|B) Lima|B - Lima|B: Lima|B, Lima|B!|B; Lima|B?|[B]|{B}|<B>|
$B$|\\boxed{B}|\\text{B}|\\(B\\)|$\\boxed{\\text{B}}$|B</s>|B<br>| (B)|B: **Lima**|**B.** Lima|
B. The letter is B.|B, not A.|B. A is wrong|B. It is not A.|B. I think so|B. a city|
B. T|B. K|B. B.|B, B"""
WIDE = [
    "Ｂ",
    "B。Lima",
    "B：Lima",
    "B、Lima",
    "（B）",
    "【B】Lima",
    "「B」",
    "«B»",
    "B！",
    "B）",
    "B…",
]
TABBED = ["B\tLima", "B\nLima", "B\n\nLima lies in Peru.\nIt is A capital."]
SEVERAL = """A, B and C|A,B|A, B|A/B|A) or B)|(A) or (B)|A or B|A and B|A & B|A; B|
**A** and **B**|A. Oslo B. Lima C. Rome|(A) Oslo (B) Lima|A: Oslo, B: Lima|a) oslo b) lima|
A、B|A - C|C. D.|A. and B|**A** **B**|__A__ __C__|`A` `B`|<A> <B>|**A** **B** **C**|A? B?|A! C!|
A,  and also B|A; or maybe C|\\boxed{A}, \\boxed{B}|A,\t\tB"""
LISTS = [
    "A\tC",
    "A\tB\tD",
    "A \t B",
    "A.\nB.\nC.\nD.",
    "A\nB\nC",
    "A. Oslo\nB. Lima",
    "A\nOslo\nB\nLima",
    "A - Oslo\nB - Lima",
]
NO_LETTER = "A.I. is wrong|A.I|a. m. is best|A dog|A-level|A's|Answer|Both|E|7|I|А|A = B|A+|B is it"


@pytest.mark.parametrize("answer", [*WRITTEN.replace("\n", "").split("|"), *WIDE, *TABBED])
def test_a_letter_that_stands_for_itself_is_chosen(answer):
    assert choice_letter(answer, FOUR) == "B"


@pytest.mark.parametrize("answer", [*SEVERAL.replace("\n", "").split("|"), *LISTS])
def test_an_answer_that_names_several_letters_chooses_none(answer):
    assert choice_letter(answer, FOUR) is None


@pytest.mark.parametrize("answer", NO_LETTER.split("|"))
def test_a_letter_that_is_a_part_of_a_text_is_not_chosen(answer):
    assert choice_letter(answer, FOUR) is None


def test_a_letter_with_the_text_of_its_own_option_is_chosen():
    symbols = ("C", "K", "N", "B")
    assert choice_letter("A. C", symbols) == "A"
    assert choice_letter("B. K.", symbols) == "B"
    assert choice_letter("B. C.", symbols) is None


def test_the_pronoun_is_no_letter():
    assert choice_letter("I, as a machine", "ABCDEFGHI") is None
    assert choice_letter("I.", "ABCDEFGHI") == "I"


ANSWERS = st.lists(
    st.one_of(
        st.sampled_from(["A", "B", "C", "I", "a", " ", "\n", ".", ")", "(", ",", "-", "*", ":"]),
        st.sampled_from(["and", "or", "Oslo", "\u0301", "\u200b", "\\boxed{", "<", "/", "\t"]),
        st.just("word " * (SEEN + 1)),
    ),
    max_size=10,
).map("".join)


@given(ANSWERS, st.integers(0, 60))
@example(f"A. {'word ' * SEEN}B. Lima", 120)
@example(f"B {'* ' * (SEEN + 2)}x", 50)
def test_no_letter_changes_after_it_is_decided(answer, length):
    opening = answer[:length]
    if choice_decided(opening):
        assert choice_letter(opening, FOUR) == choice_letter(answer, FOUR)


@pytest.mark.parametrize(
    ("opening", "decided"),
    [
        *(("B", False), ("A. ", False), ("A. Oslo\n", False)),
        *(("A dog", True), ("The", True), ("7 ", True), (f"B. {'word ' * (SEEN + 1)}", True)),
    ],
)
def test_a_letter_is_decided_once_no_other_can_take_it_back(opening, decided):
    assert choice_decided(opening) is decided
