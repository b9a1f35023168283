"""params.yaml, put together from the sections of the rooms; presets; what all commands share."""

from stages.params.command import command
from stages.params.loading import checked, load_params, named_file, read_mapping
from stages.params.study import Params

__all__ = ["Params", "checked", "command", "load_params", "named_file", "read_mapping"]
