"""Numbers of the metrics files as the words and tables of the report; the words are templates.

Names and texts of models are shown as they are and act as nothing: no markup, link or image.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import (
    ChainableUndefined,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    Undefined,
)
from markupsafe import Markup

from stages.reporting.doses import found_from
from stages.reporting.palette import arm_name, by_arm, ordered
from stages.storage.errors import StudyError, plain

SMALL = 0.001  # p-values under it are told to the four decimals that metrics have
TOLD = 0.0001
EXPERIMENTS = Path(__file__).parents[1] / "experiments"


class Absent(ChainableUndefined, StrictUndefined):
    """What metrics/ does not have: a dash where a number goes, also of what lies in it."""


def render(template: str, **shown: Any) -> str:
    """A template of templates/, or of an experiment, filled in; what it is filled with is escaped.

    Raises StudyError where the template is missing or wrong, or asks for what is not there.
    """
    try:
        found = _environment(template.endswith(".md.j2")).get_template(template)
        return found.render(**shown)
    except TemplateError as error:
        raise StudyError(
            f"{template}: {error}; run `dvc repro` where metrics/ is of other code or params"
        ) from error


@cache
def _environment(markdown: bool) -> Environment:
    """Templates, each of which is compiled once, and what fills them in."""
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).with_name("templates"), EXPERIMENTS]),
        autoescape=True,
        finalize=_in_markdown if markdown else _in_html,
        undefined=Absent,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "number": number,
        "p": p_value,
        "interval": interval,
        "percent": percent,
        "thousands": thousands,
        "dollars": dollars,
        "code": code,
        "found_from": found_from,
        "arm_name": arm_name,
        "by_arm": by_arm,
        "ordered": ordered,
    }
    return environment


def section(
    experiment: str, numbers: Mapping[str, Any], verdict: Mapping[str, Any] = MappingProxyType({})
) -> str:
    """The section of an experiment in metrics/tables/, from its metrics file.

    `verdict` is that of metrics/targets.json: of what cannot show anything nothing is claimed.
    """
    return render(f"{experiment}/section.md.j2", numbers=numbers, verdict=verdict)


def line(experiment: str, numbers: Mapping[str, Any]) -> str:
    """What an experiment found in the one line that metrics/report.md has of it."""
    return " ".join(render(f"{experiment}/line.md.j2", numbers=numbers).split())


def control(experiment: str) -> str:
    """What tells whether an experiment shows anything, in a line; empty where its folder has none.

    An experiment of a user may have no such line.
    """
    if not (EXPERIMENTS / experiment / "control.md.j2").is_file():
        return ""
    return "Its control: " + " ".join(render(f"{experiment}/control.md.j2").split())


def trusted(text: str) -> Markup:
    """Text made here that is not to be escaped again."""
    return Markup(text)


def _in_html(value: Any) -> Any:
    """What fills in the page, which has no place for control characters; the rest is escaped."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return re.sub(r"[\0-\b\v-\x1f\x7f-\x9f]", lambda found: plain(found[0]), value)


def _in_markdown(value: Any) -> Any:
    """What fills in a template of Markdown; a text such that it is shown and marks up nothing."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = re.sub(r"[\\`*\[\]<|~$#]|&(?=[#\w])|(?<!\w)_|_(?!\w)", r"\\\g<0>", _line(value))
    return Markup(re.sub(r":(?=//)|(?<=\bwww)\.", r"\\\g<0>", text))  # GitHub links bare addresses


def code(text: str) -> Markup:
    """A text as it is, in a code span of Markdown; not for tables, where a | would end the cell."""
    text = _line(text)
    marks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return Markup(f"{marks}{pad}{text}{pad}{marks}")


def _line(text: str) -> str:
    return plain(re.sub(r"[\t\n\v\f\r\x85\u2028\u2029]", " ", text))


def number(value: float | Undefined | None) -> str:
    """Three decimals, or a dash where there is no number."""
    return "-" if value is None or isinstance(value, Undefined) else f"{round(value, 3) + 0.0:.3f}"


def interval(found: Mapping[str, Any] | Undefined | None) -> str:
    """An estimate or accuracy with its interval, or why it has none; a dash where there is neither.

    A score interval, which is that of few rows that differ, is named.
    """
    if found is None or isinstance(found, Undefined):
        return "-"
    value = found.get("estimate", found.get("accuracy"))
    if value is None:
        return "-"
    if found.get("ci_low") is not None and found.get("ci_high") is not None:
        named = "; score interval" if found.get("method") == "score" else ""
        return f"{number(value)} ({number(found['ci_low'])} to {number(found['ci_high'])}{named})"
    if found.get("discordant") == 0:
        return f"{number(value)} (the same answer on all {found['rows']})"
    return f"{number(value)} (too few)" if "inputs" in found else number(value)


def p_value(found: float | Mapping[str, Any] | Undefined | None, least: float = 0.0) -> str:
    """A p-value to three decimals, one under 0.001 to four, but never zero.

    `least` is the smallest that so many permutations can tell. Of an estimate that was compared
    with others, Holm's stands in brackets.
    """
    if isinstance(found, Mapping):
        p, holm = (p_value(found.get(name)) for name in ("p_value", "p_holm"))
        return p if holm == "-" else f"{p} ({holm})"
    if found is None or isinstance(found, Undefined) or found >= SMALL:
        return number(found)
    if found < TOLD / 2:
        return f"under {TOLD:.4f}"
    return f"≤{least:.4f}" if found < least + TOLD / 2 else f"{found:.4f}"


def percent(share: float) -> str:
    """A share in percent, with no more decimals than it has."""
    return f"{share * 100:g}"


def thousands(count: int | Undefined) -> str:
    """A count with commas, or a dash where there is none."""
    return "-" if isinstance(count, Undefined) else f"{count:,}"


def dollars(amount: float | Undefined) -> str:
    """US dollars to four decimals; where a price was not told they are not known."""
    return "no price" if isinstance(amount, Undefined) else f"{amount:,.4f}"
