"""Questions quote the prompt first and ask last, so that those on one input share their opening."""

import pytest

from stages.study.prompts import (
    begun_text,
    can_be_shown,
    hypothetical_question,
    object_text,
    question_on,
)
from stages.study.properties import PROPERTIES

PROMPT = [
    {"role": "user", "content": "Name five animals."},
    {"role": "assistant", "content": "lion,"},
]
QUOTED = {
    "second": '''Suppose you were asked this:
"Name five animals."
The answer was begun for you: "lion,"''',
    "third": '''Another language model was asked this:
"Name five animals."
The answer was begun for it: "lion,"''',
}
SHOWN = {"second": '\nand you answered this:\n"cat"', "third": '\nand it answered this:\n"cat"'}


def text(name: str, person: str = "second", shown: str | None = None) -> str:
    (message,) = hypothetical_question(PROMPT, name, person, shown)
    assert message["role"] == "user"
    return message["content"]


@pytest.mark.parametrize("person", QUOTED)
def test_the_quoted_prompt_and_what_was_begun_is_shared_by_all_questions_on_it(person):
    (opening,) = {text(name, person).rpartition("\n")[0] for name in PROPERTIES}
    assert opening == QUOTED[person]
    assert (object_text(PROMPT), begun_text(PROMPT)) == ("Name five animals.", "lion,")


@pytest.mark.parametrize("person", QUOTED)
def test_a_shown_answer_stands_between_what_is_shared_and_what_is_asked(person):
    for name in PROPERTIES:
        opening, _, question = text(name, person).rpartition("\n")
        shown = f"{opening}{SHOWN[person]}\n{question}"
        assert text(name, person, " cat\n") == shown


def test_nothing_is_said_to_be_begun_where_nothing_was():
    (message,) = hypothetical_question(PROMPT[:1], "first_word")
    assert "begun" not in message["content"]


@pytest.mark.parametrize("shown", [None, "cat"])
@pytest.mark.parametrize("name", PROPERTIES)
def test_the_third_person_asks_the_same_of_another_model(name, shown):
    own, other = text(name, shown=shown), text(name, "third", shown)
    assert own == text(name, "second", shown)
    assert "your answer" in own and "you" in own
    assert "its answer" in other and "another language model" in other.lower()
    assert "you" not in other.replace(object_text(PROMPT), "").lower()


def test_a_question_that_a_task_brings_stays_as_it_is_and_shows_nothing():
    own = [{"role": "user", "content": "Which word?"}]
    item = {"task": "rivers", "questions": [{"property": "first_word", "messages": own}]}
    assert question_on(item, "first_word", "third") == question_on(item, "first_word") == own
    assert not can_be_shown(item) and can_be_shown(item | {"questions": None})
    with pytest.raises(ValueError, match="rivers brings its own questions, which show no answer"):
        question_on(item, "first_word", "second", "cat")
