"""What params.yaml says of a hosted model: its entry in `models`, and that in `chat.models`."""

from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from stages.models.chat.hosted import Variable
from stages.study.section import Strict

SOURCE = "openai:"


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
    api_version is Azure's; deployments name those of models, finetuned ones too, that are served
    there under another name than their own. stop and thinking are as for local models; a thought
    that stands in an answer is always taken off, with `strip` one without an opening mark too.
    """

    source: str
    base_url: Url
    api_key_env: Variable | None = None
    allow_http: bool = False
    api_version: str | None = None
    deployments: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
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
