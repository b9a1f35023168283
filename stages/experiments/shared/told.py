"""What an experiment is told: its section of params.yaml (stages/experiments/X/params.py)."""

from collections.abc import Mapping

from stages.study.design import Design
from stages.study.section import Strict


class Section(Strict):
    """The section of one experiment."""

    def check(self, design: Design, counts: Mapping[str, int]) -> None:
        """Raises ValueError, which names the key, where the section does not fit the study.

        `counts`: how many inputs tasks give, by key of the section `tasks`.
        """
