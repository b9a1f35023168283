"""What every side of a benchmark works on: the study's own prompts, questions and labels."""

from dataclasses import dataclass
from pathlib import Path

from stages.models.local.subject.loading import Subject, load_base
from stages.models.local.teach.loss import Example
from stages.models.questions import Question
from stages.study.prompts import hypothetical_question
from stages.tasks import TASKS

TASK_NAMES = ["countries_long", "encyclopedia_long", "animals_long", "stories_sentences"]
PROPERTY_NAMES = [
    "first_character",
    "second_character",
    "third_character",
    "first_word",
    "second_word",
    "third_word",
    "starts_with_vowel",
]


@dataclass(frozen=True)
class Row:
    """A prompt as messages, as text and as tokens."""

    question: Question
    text: str
    tokens: tuple[int, ...]


def load(model: str) -> Subject:
    """A model of the default study, from data/models."""
    return load_base(Path("data/models") / model)


def _row(subject: Subject, question: Question) -> Row:
    tokens = subject.chat.prompt(question.messages)
    return Row(question, subject.tokenizer.decode(tokens), tokens)


def _prompts(count: int) -> list[tuple[str, list[dict[str, str]]]]:
    """`count` object-level prompts, the tasks in turn, each with an id."""
    streams = {name: TASKS[name].candidates(0) for name in TASK_NAMES}
    prompts = []
    for number in range(count):
        name = TASK_NAMES[number % len(TASK_NAMES)]
        item = next(streams[name])
        prompts.append((f"{name}-{number}", TASKS[name].prompt(item)))
    return prompts


def object_rows(subject: Subject, count: int) -> list[Row]:
    """Object-level prompts."""
    return [_row(subject, Question((key,), (key,), prompt)) for key, prompt in _prompts(count)]


def question_rows(subject: Subject, inputs: int) -> list[Row]:
    """Seven hypothetical questions on each input."""
    return [
        _row(subject, Question((key, name), (key,), hypothetical_question(prompt, name)))
        for key, prompt in _prompts(inputs)
        for name in PROPERTY_NAMES
    ]


def example_rows(subject: Subject, inputs: int, count: int) -> list[Row]:
    """A question on each input, after the same `count` questions that are answered."""
    prompts = _prompts(inputs + count)
    turns = []
    for _, prompt in prompts[inputs:]:
        turns += hypothetical_question(prompt, "first_word")
        turns.append({"role": "assistant", "content": "peru"})
    return [
        _row(subject, Question((key,), ("first_word",), [*turns, *asked]))
        for key, prompt in prompts[:inputs]
        for asked in [hypothetical_question(prompt, "first_word")]
    ]


def train_rows(subject: Subject, inputs: int) -> list[list[Example]]:
    """The same questions with labels of an answer that fits them all."""
    labels = dict(zip(PROPERTY_NAMES, ["p", "e", "r", "peru", "oman", "chad"], strict=False))
    grouped: dict[tuple, list[Example]] = {}
    for row in question_rows(subject, inputs):
        label = labels.get(row.question.key[1], "false")
        example = Example(*subject.chat.example(row.question.messages, label))
        grouped.setdefault(row.question.group, []).append(example)
    return list(grouped.values())
