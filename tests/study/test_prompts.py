"""Questions quote the prompt first and ask last, so that those on one input share their opening."""

import pytest

from stages.study.prompts import hypothetical_question, object_text
from stages.study.properties import PROPERTIES

PROMPT = [
    {"role": "user", "content": "Name five animals."},
    {"role": "assistant", "content": "lion,"},
]


def text(name: str, *person: str) -> str:
    (message,) = hypothetical_question(PROMPT, name, *person)
    assert message["role"] == "user"
    return message["content"]


@pytest.mark.parametrize("person", ["second", "third"])
def test_the_quoted_prompt_is_shared_by_all_questions_on_it(person):
    (opening,) = {text(name, person).rpartition("\n")[0] for name in PROPERTIES}
    assert opening.endswith('\n"Name five animals.\nlion,"')


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_third_person_asks_the_same_of_another_model(name):
    own, other = text(name), text(name, "third")
    assert own == text(name, "second")
    assert "your answer" in own and "you" in own
    assert "its answer" in other and "another language model" in other.lower()
    assert "you" not in other.replace(object_text(PROMPT), "").lower()
