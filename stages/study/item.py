"""What a task is: a family of inputs with one object-level prompt."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from stages.study.splits import rng
from stages.study.text.letters import LETTERS

Message = dict[str, str]


@dataclass(frozen=True)
class Item:
    """One input. `options` are the texts behind the letters A, B, ..., in their order."""

    text: str
    options: tuple[str, ...] = ()
    trait_option: str | None = None  # values tasks: the letter that shows the trait
    own_key: str | None = None  # where the text alone does not say which input it is

    @property
    def key(self) -> str:
        """What the input's id is the hash of, with the name of its task: mostly its text."""
        return self.text if self.own_key is None else self.own_key


@dataclass(frozen=True)
class Task:
    """A task; `candidates(seed)` is an endless or ended stream of distinct inputs.

    Item i of the stream depends on the seed, the task's name and i alone.
    """

    name: str
    family: str  # sequence, continuation, number, multiple_choice or values
    candidates: Callable[[int], Iterator[Item]]
    prompt: Callable[[Item], list[Message]]
    # Hypothetical questions that the task brings, by property; None: they are made for it.
    questions: Callable[[Item], Mapping[str, list[Message]] | None] = lambda item: None


def distinct(items: Iterator[Item]) -> Iterator[Item]:
    """The stream without inputs that came before."""
    seen: set[str] = set()
    for item in items:
        if item.text not in seen:
            seen.add(item.text)
            yield item


def draws(seed: int, task: str, make: Callable, count: int = 100_000) -> Iterator[Item]:
    """`make(random)` for each index, with a generator of its own, without repeats."""
    return distinct(make(rng(seed, task, index)) for index in range(count))


def own(items: Iterator[Item], task: str, tasks: tuple[str, ...]) -> Iterator[Item]:
    """The stream's items that are the task's, where `tasks` are drawn from one grammar.

    An item goes to one of them by its text alone, so that no text is an input of two.
    """
    return (item for item in items if rng(0, *tasks, item.text).choice(tasks) == task)


def user_prompt(question: str, begun: str | None = None) -> list[Message]:
    """A user's message, and the answer begun for the model where `begun` is given."""
    messages = [{"role": "user", "content": question}]
    return [*messages, {"role": "assistant", "content": begun}] if begun else messages


def lettered(options: tuple[str, ...]) -> str:
    """The options as lines `A. text`."""
    return "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, options, strict=False))


def choice_prompt(item: Item) -> list[Message]:
    """The prompt of an input that asks for the letter of one of its options."""
    return user_prompt(f"{item.text}\nAnswer with the letter only.", "Letter:")


def four_options(random: Random, asked: str, right: str, wrong: Sequence[str]) -> tuple[Item, str]:
    """A question with its right answer among three wrong ones, and the right letter."""
    options = random.sample(wrong, 3)
    options.insert(at := random.randrange(4), right)
    return Item(f"{asked}\n{lettered(tuple(options))}", tuple(options)), LETTERS[at]
