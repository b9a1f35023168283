"""An entry of tasks.loaded in params.yaml: a task from the rows of a file."""

from pathlib import PurePath
from typing import Literal

from pydantic import field_validator, model_validator

from stages.storage.readers import READ, row_format
from stages.study.section import Sha256, Share, Strict, members
from stages.tasks.files.rows import RowForm
from stages.tasks.files.sources import HubData, parse_task_source
from stages.tasks.files.templates import template_columns

TABLE_KEYS = ("text", "prompt", "begun", "options", "trait_option", "sha256")
Family = Literal["sequence", "continuation", "multiple_choice", "values", "number"]


class LoadedTask(Strict):
    """A task from the rows of a file.

    `format` table: each row of a JSON, CSV or parquet file is an input; `text` is its column,
    `prompt` and `begun` are templates over the columns, `options` a column that holds a list, or
    the columns of the options, `trait_option` the column of the letter that shows the trait. With
    `shuffle_options` the order of the options is drawn for each input, by its id.
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
    shuffle_options: bool = False
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
        return RowForm(
            self.text or "",
            self.prompt or "",
            self.begun,
            self.options,
            self.trait_option,
            self.shuffle_options,
        )

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
            if self.shuffle_options:
                raise ValueError("shuffle_options: options within a published text cannot be moved")
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
        if row_format(PurePath(source.path).name) is None:
            example = "hub:ORG/NAME@REVISION/FILE" if isinstance(source, HubData) else "path:FILE"
            raise ValueError(f"source {self.source!r} names no file of rows; use {example}; {READ}")
        if not template_columns(f"{self.prompt}{self.begun or ''}"):
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
        self._movable()

    def _movable(self) -> None:
        """What `shuffle_options` needs."""
        if not self.shuffle_options:
            return
        if not self.form.shows_options:
            raise ValueError(
                "shuffle_options needs options, and {options} in the prompt: those that stand in "
                "the text cannot be moved"
            )
        named = [self.options] if isinstance(self.options, str) else self.options or ()
        if fixed := sorted(set(named) & set(self.form.others)):
            raise ValueError(
                f"shuffle_options cannot move {{{fixed[0]}}}, an option that the prompt names by "
                "itself; {options} are all of them"
            )
