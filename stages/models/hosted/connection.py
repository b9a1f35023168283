"""What a client of the openai package is told of a server, whichever way it sends.

The package's own retries are off: a request that is sent twice may be paid for twice.
"""

from typing import Any
from urllib.parse import urlsplit

import httpx2
from openai import omit

from stages.models.hosted.identity import Host
from stages.models.hosted.spec.section import is_loopback

CONNECTING = 30.0  # seconds


def client_options(host: Host, timeout: float) -> dict[str, Any]:
    """What the client is told; its key is read from the environment now."""
    own = urlsplit(host.base_url).hostname == "api.openai.com"
    # What the environment says of OpenAI's organization is nobody else's.
    others = () if own else ("OpenAI-Organization", "OpenAI-Project")
    return {
        "api_key": host.key(),
        "base_url": host.base_url,
        "max_retries": 0,
        "timeout": _every(timeout),
        "default_headers": {**dict.fromkeys(others, omit), **host.headers()},
        "default_query": {"api-version": host.api_version} if host.api_version else None,
    }


def transport_options(host: Host, timeout: float) -> dict[str, Any]:
    """What the client's transport is told; proxies and certificates are the environment's."""
    name = urlsplit(host.base_url).hostname or ""
    name = f"[{name}]" if ":" in name else name
    return {
        "timeout": _every(timeout),
        "verify": host.base_url.startswith("https:"),  # over http there is nothing to verify
        "follow_redirects": False,  # a key goes to no other host
        # This machine is reached without a proxy, whatever the environment says.
        "mounts": {f"all://{name}": None} if is_loopback(host.base_url) else {},
    }


def _every(timeout: float) -> httpx2.Timeout:
    return httpx2.Timeout(timeout, connect=min(timeout, CONNECTING), pool=None)
