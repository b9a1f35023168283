"""The section `tasks` of params.yaml: which teach, which are held out, which come from files."""

import re
from pathlib import PurePath
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from stages.param_types import Count, Sha256, Share, Strict, members
from stages.storage.task_files import FORMATS
from stages.storage.task_sources import HubData, parse_task_source
from stages.study.tasks import TASKS
from stages.study.tasks.loaded import RowForm
from stages.study.tasks.templates import template_columns

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
TABLE_KEYS = ("text", "prompt", "begun", "options", "trait_option", "sha256")
Family = Literal["sequence", "continuation", "multiple_choice", "values", "number"]


class LoadedTask(Strict):
    """A task from the rows of a file.

    `format` table: each row of a JSONL, CSV or parquet file is an input; `text` is its column,
    `prompt` and `begun` are templates over the columns, `options` a column that holds a list, or
    the columns of the options, `trait_option` the column of the letter that shows the trait.
    `format` published: a folder of the published prompt set, of which `task` is loaded; prompts
    and questions are asked as they stand.

    `sha256` pins the file. Without it a file behind `path:` is not watched: after an edit of it,
    run `dvc repro --force write_tasks`. `bad_rows` is the share of rows that may be bad; those are
    left out and named.
    """

    source: str
    format: Literal["table", "published"] = "table"
    text: str | None = None
    prompt: str | None = None
    begun: str | None = None
    family: Family | None = None
    options: str | list[str] | None = None
    trait_option: str | None = None
    task: str | None = None
    sha256: Sha256 | None = None
    bad_rows: Share = 0.0

    @property
    def answers(self) -> Family:
        """The family of a table's answers."""
        return self.family or "continuation"

    @property
    def form(self) -> RowForm:
        """How a row of a table makes an input."""
        return RowForm(self.text, self.prompt, self.begun, self.options, self.trait_option)

    @field_validator("source")
    @classmethod
    def _source(cls, value: str) -> str:
        parse_task_source(value)
        return value

    @field_validator("prompt", "begun")
    @classmethod
    def _template(cls, value: str | None) -> str | None:
        template_columns(value or "")
        return value

    @field_validator("options")
    @classmethod
    def _two(cls, value: str | list[str] | None) -> str | list[str] | None:
        if isinstance(value, list) and len(members(value, value, "column")) < 2:
            raise ValueError("name two columns at least, or one that holds a list")
        return value

    @model_validator(mode="after")
    def _complete(self) -> "LoadedTask":
        if self.format == "published":
            for key in (*TABLE_KEYS, "family"):
                if getattr(self, key) is not None:
                    raise ValueError(f"{key} is no key of format published, whose rows say it")
            if not self.task:
                raise ValueError("format published needs task, the original_dataset of its rows")
            return self
        self._table()
        return self

    def _table(self) -> None:
        if self.task is not None:
            raise ValueError("task is a key of format published only")
        for key in ("text", "prompt"):
            if not getattr(self, key):
                raise ValueError(f"format table needs {key}")
        source = parse_task_source(self.source)
        if PurePath(source.path).suffix.lower() not in FORMATS:
            example = "hub:ORG/NAME@REVISION/FILE" if isinstance(source, HubData) else "path:FILE"
            raise ValueError(
                f"source {self.source!r} names no file of rows; use {example}, "
                f"where FILE ends in {', '.join(FORMATS)}"
            )
        if not template_columns(self.prompt + (self.begun or "")):
            raise ValueError(f"prompt {self.prompt!r} names no column; {{text}} is the text column")
        family = self.answers
        if (family in ("multiple_choice", "values")) != (self.options is not None):
            raise ValueError(
                f"family {family} {'takes no' if self.options else 'needs'} options; "
                "multiple_choice and values have them, and no other"
            )
        if (family == "values") != (self.trait_option is not None):
            raise ValueError(
                f"family {family} {'takes no' if self.trait_option else 'needs'} trait_option; "
                "values has it, and no other"
            )


class TaskParams(Strict):
    """Which tasks teach, which are held out, and how many inputs each gives.

    Their names are those of stages/study/tasks or of `loaded`; one that is loaded and in neither
    is not read. A task that has fewer inputs than asked for is an error, unless `allow_fewer`.
    """

    loaded: dict[str, LoadedTask] = Field(default_factory=dict)
    train: list[str] = Field(min_length=1)
    test: list[str] = Field(min_length=1)
    train_inputs: Count
    pilot_inputs: Count
    test_inputs: Count
    allow_fewer: bool = False

    @field_validator("loaded")
    @classmethod
    def _own_names(cls, loaded: dict[str, LoadedTask]) -> dict[str, LoadedTask]:
        for name in loaded:
            if name in TASKS:
                raise ValueError(f"{name!r} is a task of stages/study/tasks; use another name")
            if not FILE_NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no plain name; letters, digits, '_' and '-' are allowed, "
                    "a letter or digit first"
                )
        return loaded

    @field_validator("train", "test")
    @classmethod
    def _known(cls, names: list[str], info: ValidationInfo) -> list[str]:
        if "loaded" not in info.data:  # it is wrong, which is told of already
            return names
        return members(names, [*TASKS, *info.data["loaded"]], "task")

    @model_validator(mode="after")
    def _held_out(self) -> "TaskParams":
        if both := sorted(set(self.train) & set(self.test)):
            raise ValueError(f"{both[0]!r} is in train and in test; a held-out task is in one only")
        return self

    def table_families(self) -> list[tuple[str, Family]]:
        """The tasks of the study that come from tables, each with its family."""
        used = {name: self.loaded[name] for name in self.train + self.test if name in self.loaded}
        return [(name, spec.answers) for name, spec in used.items() if spec.format == "table"]

    def bring_questions(self, role: Literal["train", "test"]) -> list[str]:
        """The tasks of a role that bring questions of their own."""
        return [
            name
            for name in getattr(self, role)
            if name in self.loaded and self.loaded[name].format == "published"
        ]
