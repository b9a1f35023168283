"""Two tiny models of different families, as a study has them."""

from pathlib import Path
from typing import Any

from tests.conftest import CHAT
from tests.tiny_models import make_tiny_model


def tiny_pair(folder: Path) -> dict[str, dict[str, Any]]:
    """What params say of `one` and `two`, which are made in `folder` where they are not there."""
    one, two = folder / "one", folder / "two"
    if not one.exists():
        make_tiny_model(one, 0, "llama")
    if not two.exists():
        make_tiny_model(two, 0, "gemma3")
    return {
        path.name: {"source": f"path:{path}", "chat_template": CHAT, "stop": ["\n"]}
        for path in (one, two)
    }
