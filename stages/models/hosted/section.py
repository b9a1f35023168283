"""What params.yaml says of a hosted model: its entry in `models`, and that in `chat.models`."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from stages.study.section import Strict

SOURCE = "openai:"
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


def _url(value: str) -> str:
    """A base_url without what may hold a key, and without a slash at its end."""
    try:
        split = urlsplit(value)
        sound = split.scheme in ("http", "https") and bool(split.hostname) and split.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("this is no http:// or https:// address, such as https://HOST/v1")
    if split.username is not None or split.query or split.fragment:
        raise ValueError(
            "an address without user, password, '?' or '#' is allowed; a key is named by "
            "api_key_env, Azure's version by api_version"
        )
    return value.rstrip("/")


Variable = Annotated[str, BeforeValidator(_variable)]
Url = Annotated[str, AfterValidator(_url)]


def is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class HostedSpec(Strict):
    """Where a hosted model is asked: source openai:MODEL, at base_url.

    api_key_env names the environment variable of its key; without one a dummy is sent.
    api_version is Azure's. stop and thinking are as for local models; a thought that stands in an
    answer is always taken off, with `strip` one without an opening mark too.
    """

    source: str
    base_url: Url
    api_key_env: Variable | None = None
    allow_http: bool = False
    api_version: str | None = None
    stop: list[str] = Field(default_factory=list)
    thinking: Literal["off", "strip"] = "off"

    @property
    def model(self) -> str:
        """The name by which the server knows it."""
        return self.source.removeprefix(SOURCE)

    @field_validator("source")
    @classmethod
    def _named(cls, source: str) -> str:
        if not source.startswith(SOURCE) or not source.removeprefix(SOURCE).strip():
            raise ValueError(f"{source[:80]!r} names no hosted model; use {SOURCE}MODEL")
        return source

    @model_validator(mode="after")
    def _safe(self) -> "HostedSpec":
        plain = urlsplit(self.base_url).scheme == "http"
        if plain and not self.allow_http and not is_loopback(self.base_url):
            raise ValueError(
                "base_url: http to another machine sends the key and all prompts in the clear; "
                "use https, or set allow_http: true"
            )
        return self


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
