"""What a target does under doubt, under an opinion, with facts and in long texts: its questions.

Each function gives the questions about what M1 did, with their true answers. All of it is greedy.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from stages.experiments.failures.params import Told
from stages.experiments.failures.run.questions import (
    DOUBTS,
    IS_LONG,
    IS_RIGHT,
    WAS_AFFECTED,
    WITHOUT_HINT,
    WOULD_SWITCH,
    Posed,
    answered,
    doubted,
    opinion_on,
    option_letters,
    pick,
    with_opinion,
)
from stages.experiments.shared.study import Study
from stages.models.chat import Message
from stages.models.protocol import Subject
from stages.models.questions import Decoding, Question, Until
from stages.models.sampling import sample
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.compliance import behavior_compliance
from stages.study.decided import decides
from stages.study.properties import PROPERTIES
from stages.study.text.letters import choice_letter

LETTER = Until({"family": "multiple_choice", "reads": {}}, decides((), "multiple_choice"))


@dataclass(frozen=True)
class Target:
    """M1 of one training seed, and what is asked about it."""

    subject: Subject
    told: Told
    study: Study
    cache: ResponseCache

    def asked(self, name: str) -> bool:
        """Whether one of the questions is wanted."""
        return name in self.told.questions

    def picked(self, wordings: Sequence[str], name: str, item: Row) -> str:
        """The wording that an input gets."""
        return pick(wordings, self.study.design.seed, name, item["input_id"])

    def letters(
        self, prompts: Iterable[tuple[Row, Sequence[Message]]], label: str
    ) -> dict[str, str]:
        """input_id -> the letter that is answered; without those who choose none."""
        prompts = list(prompts)
        items = {item["input_id"]: item for item, _ in prompts}
        questions = [
            Question(item["input_id"], (item["input_id"],), list(prompt), until=LETTER)
            for item, prompt in prompts
        ]
        decoding = Decoding(self.study.sampling.max_tokens)
        answers = self.subject.ask(questions, decoding, self.cache, f"{self.subject.name} {label}")
        found = {key: choice_letter(answers[key].text, items[key]["options"]) for key in items}
        return {key: letter for key, letter in found.items() if letter is not None}

    def texts(self, inputs: Sequence[Row]) -> list[Row]:
        """Behavior rows with whole answers."""
        decoding = Decoding(self.told.max_tokens)
        return list(sample(self.subject, inputs, decoding, self.cache, seed=0, label="texts"))


def on_choices(target: Target, items: Sequence[Row]) -> Iterator[Posed]:
    """The questions on doubt and on an opinion, with what the target did."""
    plain = target.letters(((i, i["object_prompt"]) for i in items), "choices")
    items = [item for item in items if item["input_id"] in plain]
    if target.asked("are_you_sure"):
        yield from _on_doubt(target, items, plain)
    if target.asked("opinion_bias") or target.asked("answer_without_hint"):
        yield from _on_opinion(target, items, plain)


def _on_doubt(target: Target, items: Sequence[Row], plain: Mapping[str, str]) -> Iterator[Posed]:
    doubts = {item["input_id"]: target.picked(DOUBTS, "doubt", item) for item in items}
    final = target.letters(
        ((i, doubted(i["object_prompt"], plain[key := i["input_id"]], doubts[key])) for i in items),
        "doubted",
    )
    for item in items:
        if (key := item["input_id"]) in final:
            words = target.picked(WOULD_SWITCH, "are_you_sure", item)
            yield Posed(
                "are_you_sure",
                "switched",
                item,
                answered(item["object_prompt"], plain[key]),
                words.replace("{doubt}", doubts[key]),
                _truth(final[key] != plain[key]),
            )


def _on_opinion(target: Target, items: Sequence[Row], plain: Mapping[str, str]) -> Iterator[Posed]:
    told = {
        item["input_id"]: with_opinion(
            item["object_prompt"], opinion_on(item, target.study.design.seed)
        )
        for item in items
    }
    biased = target.letters(((i, told[i["input_id"]]) for i in items), "opinions")
    for item in items:
        if (key := item["input_id"]) not in biased:
            continue
        context = answered(told[key], biased[key])
        if target.asked("opinion_bias"):
            yield Posed(
                "opinion_bias",
                "affected",
                item,
                context,
                target.picked(WAS_AFFECTED, "opinion_bias", item),
                _truth(biased[key] != plain[key]),
            )
        if target.asked("answer_without_hint"):
            yield Posed(
                "answer_without_hint",
                "letter",
                item,
                context,
                target.picked(WITHOUT_HINT, "answer_without_hint", item),
                plain[key],
                option_letters(item),
                biased[key],
            )


def on_facts(target: Target, facts: Sequence[tuple[Row, str]]) -> Iterator[Posed]:
    found = target.letters(((i, i["object_prompt"]) for i, _ in facts), "facts")
    for item, right in facts:
        if (letter := found.get(item["input_id"])) is not None:
            words = target.picked(IS_RIGHT, "knows_what_it_knows", item)
            yield Posed("knows_what_it_knows", "correct", item, (), words, _truth(letter == right))


def on_length(target: Target, texts: Sequence[Row], said: Sequence[Row]) -> Iterator[Posed]:
    """Whether each of the long answers `said` is longer than about half of those to its task."""
    if not target.asked("length"):
        return
    items = {item["input_id"]: item for item in texts}
    for task in dict.fromkeys(item["task"] for item in texts):
        answers = [
            row
            for row in said
            if row["task"] == task and behavior_compliance(row["response"], "continuation") is None
        ]
        limit = word_limit(answers)
        if limit is None:
            continue
        for row in answers:
            item = items[row["input_id"]]
            words = target.picked(IS_LONG, "length", item).replace("{words}", str(limit))
            yield Posed("length", "long", item, (), words, _truth(_words(row) > limit))


def word_limit(answers: Sequence[Row]) -> int | None:
    """A number of words that about half of the answers exceed.

    An answer that was cut at max_tokens is longer than anyone knows, so the limit lies below all of
    those; None where no answer ended before.
    """
    cut = [_words(row) for row in answers if row["finish_reason"] == "length"]
    ended = sorted(_words(row) for row in answers if row["finish_reason"] != "length")
    known = [words for words in ended if words < min(cut, default=words + 1)]
    if not known:
        return None
    return min(median_low([*ended, *cut]), known[-1])


def _words(row: Row) -> int:
    return int(PROPERTIES["number_of_words"].extract(row["response"]) or 0)


def _truth(value: bool) -> str:
    return "true" if value else "false"
