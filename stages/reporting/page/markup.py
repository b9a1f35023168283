"""Markdown made here as HTML that a screen reader can walk: headings in order, named tables."""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape


class _Walkable(RendererHTML):
    """Wide tables scroll by themselves, by keyboard too, and say what they are."""

    def table_open(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        env["tables"] = env.get("tables", 0) + 1
        name = f"{env['about']}, table {env['tables']}"
        return (
            f'<div class="wide" role="group" tabindex="0" aria-label="{escape(name)}">\n<table>\n'
        )

    def table_close(self, *_: Any) -> str:
        return "</table>\n</div>\n"

    def th_open(self, *_: Any) -> str:
        return '<th scope="col">'


def as_html(markdown: str, about: str, below: int = 0) -> Markup:
    """Markdown as HTML; HTML, links and images within it stay text.

    `about` names its tables for who does not see them; headings are `below` levels deeper, and a
    column without a name is called `what`.
    """
    reader = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Walkable).enable("table")
    reader.disable(["image", "link", "reference", "autolink"])
    tokens = reader.parse(markdown)
    for at, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{int(token.tag[1]) + below}"
        if token.type == "th_open" and not tokens[at + 1].content:
            name = tokens[at + 1]
            name.children = [Token("text", "", 0, content="what")]
    return Markup(reader.renderer.render(tokens, reader.options, {"about": about}))
