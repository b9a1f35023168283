"""What a response that is no answer means, and an exception: what to do about it."""

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from stages.models.hosted.abilities import LIMITS, OPTIONAL
from stages.models.hosted.identity import Host
from stages.models.hosted.money import Tokens

LONGEST_WAIT = 3600  # seconds that a server may ask to wait before the run ends
QUOTA = re.compile(
    r"exceeded your current quota|insufficient[_ ](quota|credit|fund|balance)|billing_hard_limit",
    re.IGNORECASE,
)
TOO_LONG = re.compile(
    r"context.{0,20}length|(?<!array )too (long|large|many tokens)", re.IGNORECASE
)
UNFINISHED = re.compile(r"could not finish the message|output limit was reached", re.IGNORECASE)
PASSING = {408, 409, 425, 429}  # those of 4xx that may be otherwise the next time
UNDEPLOYED = "DeploymentNotFound"  # Azure's code
REFUSALS = {400, 403, 422, 501}


@dataclass(frozen=True)
class Again:
    """It may be otherwise the next time, `after` seconds where the server says so.

    `limited`: there were too many requests. `made`: an answer may have been made and lost.
    `paid` is what that took, where the server says so. `filtered`: a content filter stopped it.
    `unreachable`: no response came at all.
    """

    why: str
    after: float | None = None
    limited: bool = False
    made: bool = False
    paid: Tokens | None = None
    filtered: bool = False
    unreachable: bool = False


@dataclass(frozen=True)
class Cannot:
    """The server has no such parameter, or not with this value."""

    parameter: str
    why: str


@dataclass(frozen=True)
class Ends:
    """No request can be answered: the run ends."""

    why: str


@dataclass(frozen=True)
class Fails:
    """This one request cannot be answered; `passing`: for now, as it failed too often in a row."""

    why: str
    filtered: bool = False
    unreachable: bool = False
    passing: bool = False


Failure = Again | Cannot | Ends | Fails


def of_status(
    host: Host, status: int, headers: Mapping[str, str], content: bytes, sent: Mapping[str, Any]
) -> Failure:
    """What a response that is not 200 means; `sent` is the body of the request."""
    text = content[:20_000].decode("utf-8", "replace")
    said = host.told(message(text) or text)
    why = f"{status}{': ' if said else ''}{said}"
    if status == 402 or (status in (403, 429) and QUOTA.search(text)):
        return Ends(f"the account is used up ({why}); all answers that were paid for are kept")
    if status == 400 and UNFINISHED.search(text):
        return Fails(f"{why}; a model that thinks needs chat.models.{host.name}.thinking_tokens")
    if status in REFUSALS and (parameter := _refused(text, sent)):
        return Cannot(parameter, why)
    if status == 401 or status == 403:
        named = host.api_key_env or "models.X.api_key_env of params.yaml, which names none"
        return Ends(f"the key is refused ({why}); look at {named}")
    if status == 404 and UNDEPLOYED in text:
        return Ends(
            f"{host.sent_as!r} is not deployed, at {host.url} ({why}): deploy {host.model} there "
            "first, which costs by the hour until you delete the deployment; where it has another "
            f"name, add it to models.{host.name}.deployments of params.yaml: {{{host.model}: NAME}}"
        )
    if status in (404, 405):
        ends = "/v1" if host.api_version is None else "/openai or /openai/v1 at Azure"
        return Ends(
            f"there is nothing at {host.url} ({why}); look at base_url, which mostly ends in "
            f"{ends}, and at the model's name, {host.sent_as!r}"
        )
    if 300 <= status < 400:
        place = host.told(headers.get("location", ""))
        return Ends(f"{host.url} has moved ({status}) to {place}; put its address in base_url")
    if status in PASSING or status >= 500:
        return _again(why, retry_after(headers), limited=status == 429)
    return Fails(why, filtered="content_filter" in text or "ResponsibleAI" in text)


def of_exception(host: Host, error: BaseException) -> Again | Ends:
    """What it means that no response came: cut, refused, too slow, or not to be trusted."""
    root = error
    while root.__cause__ is not None:
        root = root.__cause__
    if distrust := [e for e in _chain(error) if isinstance(e, ssl.SSLCertVerificationError)]:
        why = host.told(distrust[-1].verify_message)
        return Ends(
            f"the certificate of {host.url} is not trusted ({why}); SSL_CERT_FILE names a file of "
            "those that are"
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        why = f"the proxy on the way to {host.url} says {error.status}: {host.told(error.message)}"
        if error.status >= 500:
            return Again(why, unreachable=True)
        return Ends(f"{why}; look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY")
    told = host.told(str(root))
    why = f"{type(root).__name__}{': ' if told else ''}{told}"
    sent = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return Again(why, made=sent, unreachable=True)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, said in milliseconds, seconds or as a date."""
    for name, scale in (("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
            return float(value) / scale
        if value and scale == 1:
            try:
                left = parsedate_to_datetime(value) - datetime.now(UTC)
            except (ValueError, TypeError):
                return None
            return max(0.0, left.total_seconds())
    return None


def _again(why: str, after: float | None, limited: bool) -> Again | Ends:
    if after is not None and after > LONGEST_WAIT:
        return Ends(
            f"the server asks to wait {after:,.0f} s ({why}); all answers are kept: give the same "
            "command again then"
        )
    return Again(why, after, limited)


def message(text: str) -> str:
    """What an error says, in the forms that servers give it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and found.get(name):
            found = found[name]
    return found if isinstance(found, str) else json.dumps(found)


def _refused(text: str, sent: Mapping[str, Any]) -> str | None:
    """The parameter that an error names, among those that a request can do without.

    Of an error that speaks of the length of the prompt none is meant.
    """
    said = message(text) or text
    mine = [name for name in OPTIONAL if name in sent]
    try:
        told = json.loads(text)["error"]["param"]
    except (ValueError, TypeError, KeyError, RecursionError):
        told = None
    if TOO_LONG.search(said) and told != "stop":
        return None
    if told in mine:
        return str(told)
    named = {name: at for name in mine if (at := _place(name, said)) is not None}
    if any(name in named for name in LIMITS):  # both are named: "use the other instead"
        return next((name for name in LIMITS if name in mine), None)
    return min(named, key=named.__getitem__, default=None)


def _place(name: str, said: str) -> int | None:
    """Where an error names a parameter: of one letter between marks, or where a name stands."""
    if name == "n":
        pattern = r"""['"`]n['"`]|^n\b|\bn must|: ?n\b(?! )|\bn ?[=>]|parameter:? n\b"""
    else:
        pattern = rf"(?<![\w]){name}(?![\w])"
    found = re.search(pattern, said)
    return None if found is None else found.start()
