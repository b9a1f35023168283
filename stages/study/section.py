"""What the sections of params.yaml are made of."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


def _hex(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("64 hex digits are allowed")
    return value


Sha256 = Annotated[str, AfterValidator(_hex)]


class Strict(BaseModel):
    """Unknown keys and other types are errors; nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def members(names: list, known: Any, what: str) -> list:
    """The names, which are all among `known` and there once; else ValueError."""
    for name in names:
        if name not in known:
            raise ValueError(f"{name!r} is no {what}; allowed: {', '.join(map(str, known))}")
    if len(set(names)) < len(names):
        raise ValueError(f"{sorted(n for n in names if names.count(n) > 1)[0]!r} stands twice")
    return names
