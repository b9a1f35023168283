"""What `chat.models.X` says of a hosted model: how it is asked, beside its messages."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from stages.study.section import Strict

OWN = {  # what the study itself says in a request
    *("model", "messages", "n", "seed", "temperature", "max_tokens", "max_completion_tokens"),
    *("stop", "logprobs", "top_logprobs", "stream"),
}
MOST_THINKING = 1_000_000  # tokens: more than any context holds


def _variable(name: Any) -> Any:
    """The name, if it can be one of an environment variable; a key itself is never shown."""
    if isinstance(name, str) and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
        raise ValueError(
            "this is no name of an environment variable; letters, digits and '_' are allowed, and "
            "the key itself never stands in params.yaml"
        )
    return name


Variable = Annotated[str, BeforeValidator(_variable)]


class HostedChat(Strict):
    """How a hosted model is asked, beside its messages.

    extra_body is sent with each request, and is in the key of an answer. extra_headers are named
    with the environment variables of their values. thinking_tokens are allowed on top of an
    answer's: a model that thinks would else end within its thought.
    """

    extra_body: dict[str, Any] = Field(default_factory=dict)
    extra_headers: dict[str, Variable] = Field(default_factory=dict)
    thinking_tokens: Annotated[int, Field(ge=0, le=MOST_THINKING)] = 0

    @field_validator("extra_body")
    @classmethod
    def _others(cls, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if taken := sorted(OWN & set(body)):
            raise ValueError(f"{taken[0]!r} is said by the study itself; leave it out")
        return body

    @field_validator("extra_headers")
    @classmethod
    def _names(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        for name in headers:
            if not re.fullmatch(r"[A-Za-z0-9-]{1,100}", name):
                raise ValueError(f"{name[:80]!r} is no name of a header")
            if name.lower() in ("authorization", "api-key"):
                raise ValueError(f"{name!r} bears the key: api_key_env names its variable")
        return headers
