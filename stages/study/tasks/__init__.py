"""The tasks of the study, by name. A new task is a file here and a line below."""

from stages.study.tasks.codes import CODES
from stages.study.tasks.encyclopedia import ENCYCLOPEDIA
from stages.study.tasks.facts_choice import FACTS_CHOICE
from stages.study.tasks.item import Item, Task
from stages.study.tasks.numbers import NUMBERS
from stages.study.tasks.reasoning_choice import REASONING_CHOICE
from stages.study.tasks.sequences import SEQUENCES
from stages.study.tasks.stories import STORIES
from stages.study.tasks.values import VALUES

__all__ = ["TASKS", "Item", "Task"]

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        *SEQUENCES, *ENCYCLOPEDIA, *STORIES,  # text
        *NUMBERS,
        *FACTS_CHOICE, *REASONING_CHOICE,  # multiple choice
        *VALUES,
        *CODES,  # for controls
    )
}  # fmt: skip
