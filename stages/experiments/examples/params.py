"""The section experiments.examples of params.yaml."""

from typing import Annotated

from pydantic import Field

from stages.experiments.shared.told import Section
from stages.study.section import Count

MOST = 1000
"""examples before a question: some 100,000 tokens, which few models read"""


class Told(Section):
    """`k` worked examples before each question, on `inputs` of each held-out task."""

    k: Annotated[int, Field(ge=1, le=MOST)]
    inputs: Count
