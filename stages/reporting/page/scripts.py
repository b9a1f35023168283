"""The scripts of the page: libraries as their packages bundle them, and our glue.

All stand in the page itself, and its policy names the hash of each: nothing else runs there,
whatever a model said, and nothing is fetched.
"""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from itables.utils import find_package_file
from markupsafe import Markup

from stages.storage.errors import StudyError

EXPORTED = re.compile(r"export\s*\{[^}]*?([\w$]+) as default[^}]*\};?\s*$", re.MULTILINE)


@cache
def pictures_script() -> Markup:
    """Vega, Vega-Lite and vega-embed, which vl-convert bundles anew at each call."""
    return _script(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


@cache
def tables_script() -> Markup:
    """DataTables, which itables bundles as a module; here it is `window.DataTable`.

    Raises StudyError where the module exports no DataTables.
    """
    path = find_package_file("html", "dt_bundle.js")
    module = path.read_text(encoding="utf-8")
    if not (exported := EXPORTED.search(module)):
        raise StudyError(f"{path}: exports no DataTables; use itables as in constraints.txt")
    return _script(f"{module}\nwindow.DataTable = {exported[1]};\n")


def glue(name: str) -> Markup:
    """A script of ours, a file beside this one."""
    return _script(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def style() -> Markup:
    """Our style."""
    return Markup(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))


def policy(scripts: Sequence[str]) -> str:
    """The Content-Security-Policy of a page with these scripts and no others."""
    hashes = [hashlib.sha256(script.encode()).digest() for script in scripts]
    allowed = " ".join(f"'sha256-{base64.b64encode(found).decode()}'" for found in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def island(value: Any) -> Markup:
    """A value as JSON within the page, of which no text can end the element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _script(source: str) -> Markup:
    """A source that stands in a script element as it is; `</script` in its strings is the same."""
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\\0")
    source = re.sub(r"</(?=script)", r"<\\/", source, flags=re.IGNORECASE)
    return Markup(source.replace("<!--", "<\\!--"))
