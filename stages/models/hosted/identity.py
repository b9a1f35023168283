"""Which model is asked where, and the secrets that are read only when they are sent."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from stages.models.chat.hosted import HostedChat
from stages.models.hosted.spec.section import HostedSpec
from stages.storage.errors import StudyError, plain

DUMMY = "no-key"  # what servers that ask for no key are sent, as the client must send one
HIDDEN = "***"
LONGEST_TOLD = 300  # characters of what a server says that stand in a line


@dataclass(frozen=True)
class Host:
    """A model of a server. `name` is its own in params.yaml; `model` that of the server.

    It holds names of environment variables and never their values. `deployments` has the names
    under which Azure was told to serve models, where they are not the models' own.
    """

    name: str
    model: str
    base_url: str
    api_key_env: str | None = None
    api_version: str | None = None
    extra_headers: Mapping[str, str] = field(default_factory=dict)
    deployments: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """What tells the server from others in keys of answers: host, port and path."""
        split = urlsplit(self.base_url)
        return f"{split.netloc.lower()}{split.path.rstrip('/')}"

    @property
    def url(self) -> str:
        """The address at which chat completions are asked for."""
        return f"{self.base_url.rstrip('/')}{self.chat_path}"

    @property
    def sent_as(self) -> str:
        """The name by which the model is asked."""
        return self.deployments.get(self.model, self.model)

    @property
    def chat_path(self) -> str:
        """Where chat completions are asked for, below base_url.

        Azure's older addresses have a deployment in them; those that end in /v1 have none.
        """
        path = urlsplit(self.base_url).path.rstrip("/")
        named = self.api_version is None or path.endswith("/v1") or "/deployments/" in path
        deployment = "" if named else f"/deployments/{quote(self.sent_as, safe='')}"
        return f"{deployment}/chat/completions"

    def key(self) -> str:
        """The key, from the environment; StudyError where it has none."""
        return _secret(f"models.{self.name}.api_key_env", self.api_key_env or "") or DUMMY

    def headers(self) -> dict[str, str]:
        """The headers beside the client's own; StudyError where the environment lacks a value."""
        place = f"chat.models.{self.name}.extra_headers"
        own = {name: _secret(place, variable) for name, variable in self.extra_headers.items()}
        return {"api-key": self.key(), **own} if self.api_version else own

    def told(self, text: str) -> str:
        """What a server says, as a line may show it: cut, plain, without any secret."""
        names = [self.api_key_env, *self.extra_headers.values()]
        for secret in sorted((os.environ.get(name or "", "") for name in names), key=len)[::-1]:
            text = text.replace(secret, HIDDEN) if secret.strip() else text
        line = " ".join(text.split())
        return plain(line if len(line) <= LONGEST_TOLD else f"{line[:LONGEST_TOLD]} ...")


def host_of(name: str, spec: HostedSpec, chat: HostedChat, model: str | None = None) -> Host:
    """The model `name` of params.yaml; `model` is what training made of it."""
    return Host(
        name,
        model or spec.model,
        spec.base_url,
        spec.api_key_env,
        spec.api_version,
        chat.extra_headers,
        spec.deployments,
    )


def _secret(place: str, variable: str) -> str:
    """The value of an environment variable, none for no name."""
    if not variable:
        return ""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise StudyError(
            f"params.yaml: {place}: the environment has no {variable}; set it to the key"
        )
    if not value.isascii() or not value.isprintable():
        raise StudyError(
            f"params.yaml: {place}: {variable} holds characters that no header can have"
        )
    return value
