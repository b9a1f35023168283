"""The server's list of its models: whether it has the one that is asked, and until when.

It decides nothing: some servers answer for a model that they do not have, and give no list.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stages.models.hosted.errands.door import Door, Pace, RefusedError
from stages.models.hosted.identity import Host
from stages.storage.errors import StudyError, plain

TRIES = 4
NAMED = 5  # models that a line names
LATEST = ":latest"  # of Ollama, which lists a model without a tag under this one
ENDS = ("shutdown_date", "expiration_date", "deprecation")  # OpenAI, OpenRouter, Azure
log = logging.getLogger(__name__)


def look_up(host: Host, wait: float) -> str | None:
    """The day on which the server takes the model away, None where it says none.

    A line says so where it does not list the model. `wait` is in seconds, before a second try.
    """
    try:
        with Door(host, Pace(first=wait, tries=TRIES)) as door:
            listed = door.get("/models").get("data")
    except (RefusedError, StudyError) as error:
        log.info(f"{host.name}: the server gives no list of its models ({error})")
        return None
    models = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    names = [str(one["id"]) for one in models if "id" in one]
    mine = [one for one in models if str(one.get("id")) in (host.model, host.model + LATEST)]
    if names and not mine and host.api_version is None:  # Azure lists models, not deployments
        others = host.told(", ".join(map(repr, names[:NAMED])))
        log.warning(
            f"models.{host.name}: the server at {host.base_url} does not list {host.model!r}; it "
            f"has {others}. If it answers all the same, look whose answers these are"
        )
    return next((end for one in mine if (end := _end(one))), None)


def _end(model: Mapping[str, Any]) -> str | None:
    """The day that a listed model ends on: told as a text, in seconds, or a kind of use each."""
    for name in ENDS:
        told = model.get(name)
        if isinstance(told, dict):
            told = told.get("inference")
        if isinstance(told, int) and not isinstance(told, bool) and 0 < told < 2**33:
            return datetime.fromtimestamp(told, UTC).date().isoformat()
        if isinstance(told, str) and told.strip():
            return plain(told.strip()[:10])
    return None
