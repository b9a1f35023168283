"""The section `chat` of params.yaml."""

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from stages.models.chat.hosted import HostedChat
from stages.study.section import Strict


def _day(value: object) -> object:
    """Text such as 2026-01-31 as a day; YAML may have read it as one already."""
    return date.fromisoformat(value) if isinstance(value, str) else value


class ChatParams(Strict):
    """What holds for the conversations of every model.

    date: the day that a chat template is told where it asks for it, so that a prompt is the same
    tomorrow. models: how hosted models are asked, by name.
    """

    date: Annotated[date, BeforeValidator(_day)]
    models: dict[str, HostedChat] = Field(default_factory=dict)
