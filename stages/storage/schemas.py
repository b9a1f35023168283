"""The columns of every table, by kind; those that are not `optional` have a value in each row."""

import pyarrow as pa

_messages = pa.list_(
    pa.struct([pa.field("role", pa.string(), False), pa.field("content", pa.string(), False)])
)

# The questions of a task that brings its own, by property.
_questions = pa.list_(
    pa.struct([pa.field("property", pa.string(), False), pa.field("messages", _messages, False)])
)

_distribution = pa.list_(
    pa.struct(
        [pa.field("answer", pa.string(), False), pa.field("probability", pa.float64(), False)]
    )
)


def _schema(*, optional: frozenset[str] = frozenset(), **columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind, name in optional) for name, kind in columns.items()])


_s, _b, _i, _f = pa.string(), pa.bool_(), pa.int32(), pa.float64()
# Of each trained arm: accuracy with the answer shown and of the pilot mode on the same rows.
_ceilings = pa.list_(
    pa.struct(
        [
            pa.field("predictor", _s, False),
            pa.field("kind", _s, False),
            pa.field("seed", _i, False),
            pa.field("ceiling", _f),
            pa.field("mode", _f),
            pa.field("rows", _i, False),
            pa.field("p_value", _f, False),
        ]
    )
)
# The training seed of the subject; none where it was not trained.
_SEED = frozenset({"seed"})
# What is metered of an answer of a hosted model; none of a local one.
_METER = {
    **dict.fromkeys(("backend", "system_fingerprint", "date"), _s),
    **dict.fromkeys(("prompt_tokens", "cached_tokens", "answer_tokens"), _i),
    "cost_usd": _f,
    "estimated": _b,
}

SCHEMAS: dict[str, pa.Schema] = {
    "tasks": _schema(
        input_id=_s,
        task=_s,
        family=_s,
        role=_s,
        split=_s,
        input=_s,
        object_prompt=_messages,
        options=pa.list_(_s),
        trait_option=_s,
        questions=_questions,
        optional=frozenset({"trait_option", "questions"}),
    ),
    "behavior": _schema(
        input_id=_s,
        task=_s,
        sample=_i,
        response=_s,
        finish_reason=_s,
        first_token_logprob=_f,
        near_tie=_b,
        fingerprint=_s,
        seed=_i,
        **_METER,
        optional=_SEED | _METER.keys() | {"first_token_logprob"},
    ),
    "datasets": _schema(
        input_id=_s,
        task=_s,
        property=_s,
        question=_messages,
        label=_s,
        weight=_f,
        slice=_s,
        shown=_b,
        seed=_i,
        optional=_SEED,
    ),
    "predictions": _schema(
        subject=_s,
        kind=_s,
        input_id=_s,
        task=_s,
        property=_s,
        sample=_i,
        question=_messages,
        raw_answer=_s,
        finish_reason=_s,
        answer=_s,
        compliant=_b,
        logprob=_f,
        near_tie=_b,
        distribution=_distribution,
        distribution_from=_s,
        shown=_b,
        seed=_i,
        **_METER,
        optional=_SEED | _METER.keys() | {"answer", "logprob", "distribution", "distribution_from"},
    ),
    # Which cells count, by pilot rows alone; `ceilings` are accuracies with the answer shown.
    "cells": _schema(
        target=_s,
        task=_s,
        property=_s,
        rows=_i,
        compliance=_f,
        mode_share=_f,
        entropy_bits=_f,
        ceilings=_ceilings,
        used=_b,
        reason=_s,
        optional=frozenset({"compliance", "mode_share", "entropy_bits", "reason"}),
    ),
    # The mean last hidden state of M on the object-level prompt; no rows of a hosted model.
    "embeddings": _schema(input_id=_s, values=pa.list_(pa.float32())),
    "scores": _schema(
        target=_s,
        predictor=_s,
        kind=_s,
        input_id=_s,
        task=_s,
        property=_s,
        truth=_s,
        answer=_s,
        compliant=_b,
        correct=_b,
        mode_answer=_s,
        mode_correct=_b,
        predictor_own_behavior=_s,
        agree=_b,
        seed=_i,
        before=_s,
        target_logprob=_f,
        informative=_b,
        trained=_b,
        optional=frozenset(
            {"answer", "predictor_own_behavior", "agree", "before", "target_logprob"}
        ),
    ),
    # Score rows as git keeps them (stages/comparison/rows), so that versions are compared by row.
    "rows": _schema(
        target=_s,
        predictor=_s,
        kind=_s,
        seed=_i,
        task=_s,
        input_id=_s,
        property=_s,
        truth=_s,
        answer=_s,
        correct=_b,
        dealt_out=_f,
        near_tie=_b,
        behavior_near_tie=_b,
        used=_b,
        optional=frozenset({"answer", "dealt_out", "near_tie"}),
    ),
    # What an experiment asked and what came back (stages/experiments); `condition` is what it
    # varies, `other_truth` a second behavior to compare with, `rank` that of a likely value.
    "outcomes": _schema(
        target=_s,
        predictor=_s,
        kind=_s,
        seed=_i,
        condition=_s,
        input_id=_s,
        task=_s,
        property=_s,
        question=_messages,
        raw_answer=_s,
        answer=_s,
        compliant=_b,
        truth=_s,
        correct=_b,
        mode_correct=_b,
        other_truth=_s,
        rank=_i,
        target_probability=_f,
        predicted_probability=_f,
        optional=frozenset(
            {
                "question",
                "raw_answer",
                "answer",
                "other_truth",
                "rank",
                "mode_correct",
                "target_probability",
                "predicted_probability",
            }
        ),
    ),
}
