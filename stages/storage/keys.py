"""Keys of what is kept in the user's cache: a hash of the named parts that decide a value.

The parts are kept beside the value, so that one can say which of them changed.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Parts = Mapping[str, Any]
"""JSON values by name"""


def content_key(parts: Parts) -> str:
    """Hex sha256 of the parts: the same content gives the same key everywhere."""
    return digest(dict(parts))


def digest(value: Any) -> str:
    """Hex sha256 of a JSON value: how a large part of a key is kept."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def changed_parts(before: Parts, now: Parts) -> list[str]:
    """The names of the parts that differ, one that only one side has included."""
    return sorted(
        name
        for name in before.keys() | now.keys()
        if digest(before.get(name)) != digest(now.get(name))
    )
