"""The section experiments.before_after of params.yaml."""

from stages.experiments.shared.told import Section


class Told(Section):
    """Before and after training: nothing more is asked, so there is nothing to tell."""
