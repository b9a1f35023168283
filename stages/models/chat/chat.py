"""Conversations with one model: what it reads, what it should answer, what ends an answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from stages.models.chat import Message
from stages.models.chat.frame import Opening, ending, opening
from stages.models.chat.spelling import Spelling
from stages.models.chat.template import Template, one_line
from stages.models.chat.thoughts import Thought, known_thought, switched_off
from stages.storage.errors import StudyError

ANSWER = "Zq7Answer7qZ"  # no template knows this word, nor rewrites a text because of it
# A text of all that templates are known to cut, escape or take out.
TEXT = f"Xk4Text4kX: \"1\" & '2' <b>3.5%</b> {{4}} [5] `6` \\\\ é 日本\n{'And so on. ' * 40}End."
Tokens = tuple[int, ...]
Thinking = Literal["off", "strip"]


class Renderer(Protocol):
    """A chat template that renders messages."""

    def render(self, messages: Sequence[Message], **how: Any) -> str:
        """The messages as one text."""


@dataclass(frozen=True)
class Speech:
    """What the study says of a model's conversations.

    `stop` are texts that end an answer, `thinking` says whether the model may think before one,
    `date` (YYYY-MM-DD) is the day that a template is told.
    """

    stop: tuple[str, ...]
    thinking: Thinking
    date: str


@dataclass(frozen=True)
class Place:
    """Where an answer stands: texts before it, asked and then taught, and after it."""

    prompt: str
    lead: str
    after: str
    thought: Thought | None  # that the model may think before the answer


@dataclass(frozen=True)
class Chat:
    """A tokenizer, its template, and what the study says; `eos` are the model's own end tokens."""

    tokenizer: Any
    speech: Speech
    eos: frozenset[int]
    renderer: Renderer | None = field(default=None, compare=False)

    def prompt(self, messages: list[Message]) -> Tokens:
        """What is asked, to where the answer begins; a last assistant message is one begun.

        A blank before the answer is the answer's, as most tokenizers spell it.
        """
        return tuple(self._spelling.ids(self.written(messages), start=True))

    def written(self, messages: list[Message]) -> str:
        """The prompt as text."""
        return self._place(messages).prompt

    def example(
        self, messages: list[Message], answer: str, *, ended: bool = True
    ) -> tuple[Tokens, Tokens]:
        """The prompt, and the label that follows it when `answer` is given.

        An answer that was begun goes on after a blank. The label ends with the first end mark
        that the template puts after the answer, with `ended` False with the answer's last word.
        """
        place = self._place(messages)
        said = self._spelling.as_text(answer)
        lead = place.lead.rstrip(" ") if answer[:1].isspace() else place.lead
        between, end = self._end(place.after) if ended else ("", ())
        label = self._spelling.after(place.prompt, f"{lead}{said}{between}")
        return tuple(self._spelling.ids(place.prompt, start=True)), label + end

    def spellings(self, messages: list[Message], answer: str) -> list[Tokens]:
        """The ids of an answer right after the prompt: as it is taught, and behind a blank."""
        place, said = self._place(messages), self._spelling.as_text(answer)
        return [self._spelling.after(place.prompt, x + said) for x in (place.lead, " ")]

    def thought(self, messages: list[Message]) -> Thought | None:
        """What the model may think before its answer, to be taken off it."""
        return self._place(messages).thought if self.speech.thinking == "strip" else None

    @cached_property
    def ends(self) -> frozenset[int]:
        """The tokens that end an answer: the model's own, the template's, those of stop marks."""
        controls = self._spelling.controls
        after = self._spelling.ids(self._place([{"role": "user", "content": TEXT}]).after)
        template = [token for token in after if token in set(controls.values())][:1]
        stop = [controls[mark] for mark in self.speech.stop if mark in controls]
        return self.eos | {*template, *stop}

    @cached_property
    def system_fault(self) -> str | None:
        """Why the template takes no system message; None where it does."""
        try:
            self._frame([{"role": "system", "content": TEXT}, {"role": "user", "content": "?"}])
        except StudyError as error:
            return str(error)
        return None

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self.tokenizer, self._template)

    @property
    def _template(self) -> str:
        if not isinstance(self.tokenizer.chat_template, str):
            raise StudyError("chat_template: there is none")
        return self.tokenizer.chat_template

    @cached_property
    def _renderer(self) -> Renderer:
        return self.renderer or Template(
            self._template, self.tokenizer.special_tokens_map, self.speech.date
        )

    @cached_property
    def _switches(self) -> dict[str, Any]:
        return switched_off(self._template) if self.speech.thinking == "off" else {}

    @cached_property
    def _known(self) -> Thought | None:
        if self.speech.thinking == "off":
            return None
        return known_thought(self._template, self.tokenizer.get_vocab())

    def _render(self, messages: list[Message], *, add_generation_prompt: bool = True) -> str:
        try:
            return self._renderer.render(
                messages, add_generation_prompt=add_generation_prompt, **self._switches
            )
        except StudyError:
            raise
        except Exception as error:  # jinja's errors, and whatever the template raises
            raise StudyError(f"chat_template: {one_line(error)}") from error

    def _place(self, messages: list[Message]) -> Place:
        body = [
            {**message, "content": self._spelling.as_text(message["content"])}
            for message in messages
            if message["role"] != "system" or message["content"].strip()
        ]
        if any(message["role"] == "system" for message in body) and self.system_fault:
            raise StudyError(f"it has a system message; {self.system_fault}")
        begun = body.pop()["content"] if body[-1]["role"] == "assistant" else ""
        found, before, after = self._frame(body)
        if begun.strip():
            whole, after = self._around(body, begun)
            if not whole.startswith(before) or begun.strip() not in whole[len(before) :]:
                raise StudyError("chat_template: it rewrites an answer that was begun")
            goes_on = f"{found.taught}{whole[len(before) :]}"
            prompt = goes_on.rstrip(" ")
            return Place(prompt, "" if prompt[-1:].isspace() else " ", after, None)
        thinks = self.speech.thinking == "strip"
        if thinks and not found.thought:
            raise StudyError(
                "thinking: strip, and neither the chat template nor the tokenizer shows a mark of "
                "a thought, such as </think>; for a model that does not think it is off"
            )
        prompt = (found.asked if thinks else found.taught).rstrip(" ")
        return Place(prompt, found.taught[len(prompt) :], after, found.thought if thinks else None)

    def _frame(self, body: list[Message]) -> tuple[Opening, str, str]:
        """What opens an answer; what a finished conversation has before and after it."""
        asked = self._render(body)
        before, after = self._around(body, "")
        for when, text in (("", asked), (" once it is answered", before)):
            for message in body:
                if message["content"].strip() not in text:
                    fault = f"drops or rewrites what the {message['role']} says{when}"
                    raise StudyError(f"chat_template: it {fault}")
        return opening(asked, before, self._known), before, after

    def _around(self, body: list[Message], begun: str) -> tuple[str, str]:
        """What a finished conversation has before and after its answer, what was begun of it."""
        marker = ANSWER
        while any(marker in text for text in (begun, *(one["content"] for one in body))):
            marker += "7qZ"
        answer = {"role": "assistant", "content": f"{begun}{marker}"}
        pieces = self._render([*body, answer], add_generation_prompt=False).split(marker)
        if len(pieces) != 2:
            fault = "drops or rewrites" if len(pieces) == 1 else "repeats"
            raise StudyError(f"chat_template: it {fault} the answer of a finished conversation")
        return pieces[0], pieces[1]

    def _end(self, after: str) -> tuple[str, Tokens]:
        marks = {text: number for number in self.ends if (text := self._spelling.text(number))}
        eos = self.tokenizer.eos_token_id
        own = sorted(self.eos & {*marks.values()}, key=lambda number: (number != eos, number))
        return ending(after, marks, self.speech.stop, own)
