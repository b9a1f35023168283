"""The keys of the caches: all that decides an answer or an adapter of a local model, by name.

What a question says, how a template renders it and which rows are taught is in the token ids. The
code that works on them is named here, a module or a whole package each.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from stages.storage.keys import Parts, digest
from stages.storage.response_cache import AnswerKey
from stages.storage.source import source_hash, versions

if TYPE_CHECKING:  # so that sizes and entries of the caches can be had without torch
    from stages.models.local.rendering import Branch
    from stages.models.local.subject.loading import Subject
    from stages.models.questions import Decoding, Until

PACKAGES = ("torch", "transformers", "tokenizers", "peft")
ANSWERING = ("stages.models.local.subject", "stages.models.local.ask")
CUTTING = ("stages.study.decided", "stages.study.compliance", "stages.study.text")
TEACHING = ("stages.models.local.subject", "stages.models.local.teach", "stages.study.splits")


def engine(*modules: str) -> Parts:
    """The code and the packages that compute a value."""
    return {"source": source_hash(*modules), "versions": versions(*PACKAGES)}


def subject_parts(subject: Subject) -> Parts:
    """What decides the logits of a subject, beside code and packages."""
    return {
        **subject.precision,
        "weights": subject.fingerprint,
        "adapter_config": subject.adapter_config,
    }


def answer_key(
    subject: Subject, branch: Branch, decoding: Decoding, until: Until | None
) -> AnswerKey:
    """The key of one answer. A seed decides only what is drawn."""
    closed = branch.closed and [[answer, firsts] for answer, firsts in branch.closed.items()]
    ending = {"stop": subject.chat.speech.stop, "ends": sorted(subject.chat.ends)}
    shared = {**subject_parts(subject), **engine(*ANSWERING), **ending}
    own = {
        "prompt": digest(branch.tokens),
        "max_tokens": decoding.max_tokens,
        "temperature": decoding.temperature,
        "seed": branch.seed if decoding.temperature else None,
        "cut_rule": until and until.rule,
        "cut_source": until and source_hash(*CUTTING),
        "closed": closed and digest(closed),
        "score_only": branch.score_only,
        "thought": branch.thought and asdict(branch.thought),
    }
    return AnswerKey(subject.name, branch.key, shared, own)


def adapter_parts(subject: Subject, rows: str, settings: Parts) -> Parts:
    """The parts of an adapter's key; `rows` is a hash of the rendered rows."""
    settled = {"rows": rows, "settings": settings}
    return {**subject_parts(subject), **engine(*TEACHING), **settled}
