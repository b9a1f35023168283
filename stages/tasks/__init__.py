"""The tasks of the study, by name. A new task is a file here and a line below."""

from stages.study.item import Item, Task
from stages.tasks.encyclopedia import ENCYCLOPEDIA
from stages.tasks.facts_choice import FACTS_CHOICE
from stages.tasks.numbers import NUMBERS
from stages.tasks.reasoning_choice import REASONING_CHOICE
from stages.tasks.sequences import SEQUENCES
from stages.tasks.stories import STORIES
from stages.tasks.values import VALUES

__all__ = ["TASKS", "Item", "Task"]

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        *SEQUENCES,  # text
        *ENCYCLOPEDIA,
        *STORIES,
        *NUMBERS,
        *FACTS_CHOICE,  # multiple choice
        *REASONING_CHOICE,
        *VALUES,
    )
}
