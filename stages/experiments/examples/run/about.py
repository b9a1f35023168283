"""What is asked about one target: on which inputs, after which examples, of what it did."""

import logging
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stages.experiments.examples.params import Told
from stages.experiments.examples.run.drawing import after_turns, drawn, example_turns
from stages.experiments.shared.outcomes import outcomes, values
from stages.experiments.shared.study import Study
from stages.experiments.shared.tables import behavior, informative
from stages.models.chat import Message
from stages.models.inputs import by_id, held_out_inputs, task_inputs
from stages.models.reading import Room, room_of
from stages.storage.tables import Row, read_rows
from stages.study.arms import EXAMPLES_CROSS, EXAMPLES_SELF, Arm, fresh_dataset, self_name
from stages.study.prompts import Person, question_on
from stages.study.truth import Key

log = logging.getLogger(__name__)

MODELS = Path("data/models")


@dataclass(frozen=True)
class About:
    """One target and training seed; all arms are asked the same after the same examples."""

    arms: Sequence[Arm]
    inputs: Sequence[Row]
    asked: Mapping[str, Sequence[Row]]
    """property -> inputs in its informative cells; those of properties that have examples"""
    did: Mapping[Key, str]
    """(input_id, property) -> value of what the target did"""
    examples: Mapping[str, Sequence[Row]]
    """property -> rows of the train tasks, of what the target really did there"""
    taught: Mapping[str, Row]
    """the inputs of these rows by input_id"""

    def turns(self, name: str, person: Person) -> list[Message]:
        """The examples of a property, as turns of a conversation."""
        return example_turns(self.examples[name], self.taught, person)

    def outcomes(self, said: Iterable[Row], arm: Arm, count: int) -> Iterator[Row]:
        """What was said after `count` examples, set against what the target did."""
        return outcomes(said, self.did, self.inputs, arm, str(count))

    def counted(self, said: Iterable[Row]) -> Iterator[Row]:
        """The predictions that are about what is asked."""
        about = {(row["input_id"], name) for name, rows in self.asked.items() for row in rows}
        return (row for row in said if (row["input_id"], row["property"]) in about)


def about_target(target: str, seed: int, told: Told, study: Study) -> About:
    """What the arms are asked; a property that has no example is left out."""
    design = study.design
    others = (Arm(target, other, EXAMPLES_CROSS, seed) for other in design.others(target))
    arms = [Arm(target, target, EXAMPLES_SELF, seed), *others]
    inputs, cells = held_out_inputs(design.test, told.inputs), informative(target)
    taught = by_id([row for task in design.train for row in task_inputs(task)])
    choice = _Choice(arms, {arm: room_of(MODELS / arm.predictor) for arm in arms}, taught, study)
    lessons = _lessons(target, seed)
    asked, examples = {}, {}
    for name in design.properties:
        rows = [row for row in inputs if (row["task"], name) in cells]
        shown = choice.examples(name, lessons.get(name, []), rows, told.k) if rows else []
        if rows and len(shown) < told.k:
            log.warning(
                f"examples: {name} of {target}, seed {seed}: {len(shown)} of {told.k} are shown; "
                "the train tasks have no more, or a model reads no more"
            )
        if shown:
            asked[name], examples[name] = rows, shown
    did = values(behavior(self_name(target), seed), inputs, design.properties)
    return About(arms, inputs, asked, did, examples, taught)


def _lessons(target: str, seed: int) -> dict[str, list[Row]]:
    """Property -> what trains those who predict the target; no lessons, nothing held back."""
    path = f"data/datasets/{fresh_dataset(target)}.parquet"
    found: dict[str, list[Row]] = {}
    for row in read_rows("datasets", path, seed=[None, seed], slice="train", shown=False):
        found.setdefault(row["property"], []).append(row)
    return found


@dataclass(frozen=True)
class _Choice:
    """How examples are chosen: the same for all arms, as many as each of them can read."""

    arms: Sequence[Arm]
    rooms: Mapping[Arm, Room]
    taught: Mapping[str, Row]
    study: Study

    def examples(
        self, name: str, lessons: Sequence[Row], asked: Sequence[Row], count: int
    ) -> list[Row]:
        """At most `count` rows that fit before the longest question on what is asked."""
        count = len(self._drawn(lessons, count))
        for arm in self.arms:
            person = self.study.form(arm.kind).person
            questions = [question_on(row, name, person) for row in asked]
            count = self._most(arm, lessons, questions, count)
        return self._drawn(lessons, count)

    def _drawn(self, lessons: Sequence[Row], count: int) -> list[Row]:
        return drawn(lessons, count, self.study.design, self.arms[0].seed or 0)

    def _most(
        self, arm: Arm, lessons: Sequence[Row], questions: Sequence[list[Message]], count: int
    ) -> int:
        """How many of `count` examples an arm can read before any of the questions."""
        room, person = self.rooms[arm], self.study.form(arm.kind).person
        longest = max(questions, key=room.length)

        def too_many(k: int) -> bool:
            turns = example_turns(self._drawn(lessons, k), self.taught, person)
            return not room.holds(after_turns(longest, turns), self.study.predict.max_tokens)

        if not too_many(count):
            return count
        return bisect_left(range(1, count + 1), True, key=too_many)
