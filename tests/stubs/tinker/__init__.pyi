"""What the project takes of the tinker SDK, an extra: mypy reads the same where it is not there."""

from typing import Any

ServiceClient: Any
types: Any
