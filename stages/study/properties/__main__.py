"""The command line: a property of answers of your own.

    python -m stages.study.properties NAME [TRAIT_OPTION] < answers.jsonl

reads a JSON string a line from standard input and writes a JSON object a line: `study`, the value
that the study uses (of a letter, a number, a text in its one form; null where there is none),
`published`, what the published definition gives for the raw answer, and `left_out`, why the study
leaves the answer out, where it does. NAME may also be the published one. TRAIT_OPTION is the
letter that shows the trait, where that is asked for.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import click

from stages.storage.errors import StudyError, plain
from stages.study.compliance import behavior_compliance
from stages.study.properties import FAMILIES, PROPERTIES, Property, property_value, published_names
from stages.study.text.letters import LETTERS

FOUR = tuple(LETTERS[:4])


@click.command(help=__doc__)
@click.argument("name")
@click.argument("trait_option", required=False)
@click.option("--option", "options", multiple=True, help="Text of an option; else there are four.")
@click.option("--family", type=click.Choice(FAMILIES), help="Of the task; else the property's.")
def main(name: str, trait_option: str | None, options: tuple[str, ...], family: str | None) -> None:
    try:
        prop = _known(name)
        family = family or prop.families[0]
        if family not in prop.families:
            raise StudyError(
                f"--family {family}: {prop.name!r} is asked of {', '.join(prop.families)}"
            )
        _check_options(options or FOUR, trait_option)
        item = {"options": options or FOUR, "trait_option": trait_option}
        for response in _responses(sys.stdin.buffer):
            click.echo(plain(_line(prop, response, family, item)))
    except StudyError as error:
        click.echo(plain(str(error)), err=True)
        sys.exit(2)


def _check_options(options: tuple[str, ...], trait_option: str | None) -> None:
    letters = LETTERS[: len(options)]
    if len(options) > len(LETTERS):
        raise StudyError(
            f"--option stands {len(options)} times; at most {len(LETTERS)} are allowed"
        )
    if trait_option is not None and trait_option.upper() not in tuple(letters):
        raise StudyError(f"TRAIT_OPTION {trait_option!r}: allowed: {', '.join(letters)}")


def _known(name: str) -> Property:
    known = PROPERTIES.get(published_names().get(name, name))
    if known is None:
        raise StudyError(f"{name!r} is no property; allowed: {', '.join(PROPERTIES)}")
    return known


def _responses(lines: BinaryIO) -> Iterator[str | None]:
    for number, line in enumerate(lines, start=1):
        where = f"standard input, line {number}"
        try:
            response = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:  # also bytes that are not UTF-8
            raise StudyError(f"{where}: not JSON: {error}") from error
        if response is not None and not isinstance(response, str):
            raise StudyError(f"{where}: {response!r} is no JSON string")
        yield response


def _line(prop: Property, response: str | None, family: str, item: dict[str, Any]) -> str:
    text = response or ""
    found = {
        "study": property_value(prop.name, text, family, **item),
        "published": prop.extract(response, **item),
    }
    why = behavior_compliance(text, family, item["options"])
    return json.dumps(found | ({"left_out": why} if why else {}), ensure_ascii=False)


if __name__ == "__main__":
    main()
