"""The same model with a prefix before its prompt: does its prediction move with its behavior?

STUDY section 7. M1 answers the object-level prompts with a prefix before each, and the predictors
(self, cross) answer the hypothetical questions with the same prefix before each. A prediction is
set against what M1 did with the prefix (truth) and without it (other_truth). The predictions of the
main study, where no prefix was shown, are set against the same two: who is right by chance, or
does not read the prefix, is as right there.
"""

from dataclasses import replace

from stages.experiments.shared.outcomes import (
    arms,
    behavior,
    held_out_inputs,
    outcomes,
    predicted,
    prefixed,
    sampled,
    values,
)
from stages.models.local.subject.loading import trained_subject
from stages.models.predicting import predict
from stages.models.questions import Decoding
from stages.params import Params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.truth import Key

KINDS = ("self", "cross")
PLAIN = "plain question"


def run(target: str, params: Params, cache: ResponseCache) -> list[Row]:
    """Rows of the outcomes table; `condition` is the prefix, or `<prefix>:plain question`."""
    prefixes = params.experiments.prompt_shift.prefixes
    inputs = held_out_inputs(params, params.experiments.prompt_shift.inputs)
    shifted: dict[tuple[int, str], dict[Key, str]] = {}
    for seed in params.seeds:
        subject = trained_subject(target, f"{target}-self", seed)
        for name, prefix in prefixes.items():
            shown = [
                row | {"object_prompt": prefixed(row["object_prompt"], prefix)} for row in inputs
            ]
            did = sampled(subject, shown, params, cache, "with a prefix")
            shifted[seed, name] = values(did, inputs, params.properties)
        del subject  # one is in memory at a time
    plain = {
        seed: values(behavior(f"{target}-self", seed), inputs, params.properties)
        for seed in params.seeds
    }
    decoding = Decoding(params.predict.max_tokens)
    asked = {row["input_id"] for row in inputs}
    rows: list[Row] = []
    for predictor, kind, seed, subject, asking in arms(target, params):
        if kind not in KINDS:
            continue
        about = {"target": target, "predictor": predictor, "kind": kind, "seed": seed}
        unprefixed = [
            row for row in predicted(predictor, target, kind, seed) if row["input_id"] in asked
        ]
        for name, prefix in prefixes.items():
            found = predict(
                subject,
                inputs,
                params.properties,
                decoding,
                cache,
                asking=replace(asking, reword=lambda messages, p=prefix: prefixed(messages, p)),
                label=name,
            )
            for condition, predictions in ((name, found), (f"{name}:{PLAIN}", unprefixed)):
                rows += outcomes(
                    predictions,
                    shifted[seed, name],
                    inputs,
                    about | {"condition": condition},
                    other=plain[seed],
                )
    return rows
