"""evaluate_sensitivity: whether this study finds self-knowledge where a model is given some.

    python -m stages.evaluate_sensitivity

Reads data/sensitivity/, what stage `sensitivity` made of each subject, and docs/sensitivity.json:
what runs of other seeds with the same settings showed where there was nothing to find
(sensitivity_runs). Writes metrics/sensitivity.json.
"""

from pathlib import Path
from typing import Any

import click

from stages.analysis.rounding import rounded
from stages.analysis.sensitivity import copies_evidence, copies_numbers, copies_scores, verdict
from stages.controls.instilling import ONE, OTHER, REASON, RUN, STUDIES, TAUGHT
from stages.params import command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import read_json, write_json

RECORDED = Path("docs/sensitivity.json")


@command
def main() -> None:
    params = load_params()
    recorded = read_json(RECORDED) if RECORDED.is_file() else {}
    if recorded.get("settings") != params.settled():
        recorded = {}
    found = {}
    for model in params.subjects:
        numbers = look(STUDIES / model)
        null = recorded.get(model, {}).get("null", {})
        found[model] = {"verdict": verdict(numbers)} | numbers | null_numbers(null)
    write_json("metrics/sensitivity.json", found)
    for model, numbers in found.items():
        click.echo(f"{model}: {numbers['verdict']}; gap {numbers.get('gap')}")


def look(study: Path) -> dict[str, Any]:
    """The numbers of a study of copies in a folder, or the `reason` why there are none."""
    if not study.is_dir():
        raise StudyError(f"{study}: no such study; run `dvc repro` to make it")
    if (study / REASON).is_file():
        return dict(read_json(study / REASON))
    params = load_params(study / "params.yaml")
    rule = params.evaluate.rule(params.seed)
    evidence = copies_evidence(study, params.design, ONE)
    scores = copies_scores(evidence, params.design)
    others = ONE if read_json(study / RUN)["twin"] else OTHER  # a twin holds the target's answers
    answers = {
        copy: read_json(study / TAUGHT / f"{of}.json")["answers"]
        for copy, of in ((ONE, ONE), (OTHER, others))
    }
    return dict(rounded(copies_numbers(scores, evidence, answers, rule)))


def null_numbers(null: dict[str, Any]) -> dict[str, Any]:
    """What was found where there was nothing to find, as keys beside the gap.

    `null_clear` where its interval does not hold zero: then a gap can be an artifact.
    """
    keys = {"mean": "null_gap", "ci_low": "null_low", "ci_high": "null_high"}
    found = {key: null[name] for name, key in keys.items() if name in null}
    if {"null_low", "null_high"} <= found.keys():
        found["null_clear"] = found["null_low"] > 0 or found["null_high"] < 0
    return found


if __name__ == "__main__":
    main()
