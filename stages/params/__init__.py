"""params.yaml, put together from the sections of the rooms; presets; what all commands share."""

from stages.params.command import command
from stages.params.loading import load_params
from stages.params.study import Params

__all__ = ["Params", "command", "load_params"]
