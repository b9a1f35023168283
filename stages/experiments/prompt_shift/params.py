"""The section experiments.prompt_shift of params.yaml."""

from typing import Annotated

from pydantic import Field

from stages.experiments.shared.told import Section
from stages.study.section import Count

Text = Annotated[str, Field(min_length=1)]


class Told(Section):
    """A prefix before the object-level prompt and before the question; name -> text.

    `inputs` of each held-out task are asked.
    """

    prefixes: dict[Text, Text] = Field(min_length=1)
    inputs: Count
