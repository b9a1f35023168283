"""The section experiments.failures of params.yaml."""

from pydantic import Field, field_validator

from stages.experiments.shared.told import Section
from stages.study.section import Count, members

QUESTIONS = (
    "are_you_sure",
    "opinion_bias",
    "answer_without_hint",
    "knows_what_it_knows",
    "length",
    "sentiment",
    "character_name",
)


class Told(Section):
    """Questions on which the published models failed: which, on how many inputs of each task.

    max_tokens: of the long answers whose length, sentiment and main character are asked for.
    """

    questions: list[str] = Field(min_length=1)
    inputs: Count
    max_tokens: Count

    @field_validator("questions")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        return members(names, QUESTIONS, "question")
