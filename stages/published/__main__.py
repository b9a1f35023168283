"""The paper's own formulas on tables of yours: a JSON line of answer for each line that is asked.

    python -m stages.published figures < tables.jsonl
    python -m stages.published compliance < answers.jsonl
    python -m stages.published calibration < prompts.jsonl

`figures`: with `objects` and `metas` (rows of task, string, property, answer, compliant) the
accuracies; with `objects_before`, `objects_after` and `metas_of_changed_model` what a change of
behavior moved; with `"kind": "entropy_adjust"` what the entropy adjustment keeps.
`compliance`: of {"groups": [...], "raw_response": ...} `true`, or the labels of all checks that
the answer fails. `calibration`: of {"property": ..., "prompts": [{"object_responses": [...],
"meta_answers": [...]}]} points, bins and deviation.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from stages.published.json_lines import answered
from stages.published.worked import calibration_of, compliance_of, figures_of
from stages.storage.errors import StudyError, plain

TOOLS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "figures": figures_of,
    "compliance": compliance_of,
    "calibration": calibration_of,
}


@click.command(help=__doc__)
@click.argument("tool", type=click.Choice(list(TOOLS)))
def main(tool: str) -> None:
    try:
        for line in answered(sys.stdin.buffer, TOOLS[tool]):
            click.echo(plain(line))
    except StudyError as error:
        click.echo(plain(str(error)), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
