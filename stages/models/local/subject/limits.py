"""What a model can read: as many tokens as it has positions, and tokens that it has a vector for.

What is beyond is refused, for asking and teaching alike. A model may say something after it, but
was not made to; and an input that is left out would change the study in silence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stages.models.local.subject.loading import Subject
from stages.storage.errors import StudyError

POSITIONS = "max_position_embeddings", "n_positions", "max_seq_len"  # keys of a config
SHOWN = 5  # inputs that an error names


@dataclass(frozen=True)
class Reading:
    """What is read about one input: token ids, and how many tokens may follow them."""

    input_id: str
    tokens: Sequence[int]
    answer: int = 0

    @property
    def length(self) -> int:
        return len(self.tokens) + self.answer


def check_readings(subject: Subject, readings: Iterable[Reading]) -> None:
    """StudyError where the model has too few positions, or no vector for a token."""
    every = list(readings)
    key, limit = positions(subject.model.config)
    if limit and (long := [one for one in every if one.length > limit]):
        longest = max(long, key=lambda one: one.length)
        raise StudyError(
            f"{subject.name}: {_share(long, every)} too long: up to {longest.length:,} tokens"
            f"{f' (max_tokens {longest.answer} included)' if longest.answer else ''}, and the "
            f"model has {limit:,} positions ({key} of its config.json): {_names(long)}; shorten "
            "them or take them out of the task's source"
        )
    rows = subject.model.get_input_embeddings().weight.shape[0]
    unknown = [one for one in every if max(one.tokens, default=0) >= rows]
    if unknown:
        token = max(unknown[0].tokens)
        text = subject.tokenizer.convert_ids_to_tokens(token)
        raise StudyError(
            f"{subject.name}: {_share(unknown, every)} beyond the model: its embedding has "
            f"{rows:,} rows and {text!r} is token {token:,}: "
            f"{_names(unknown)}; resize the embedding to the tokenizer and save the model again, "
            "or take the token out of the texts and the chat template"
        )


def positions(config: Any) -> tuple[str, int | None]:
    """The key of a config that says how many tokens its model reads, and the number; or None.

    Where positions are stretched as YaRN does it (arXiv 2309.00071) the config may give the number
    before that, and a factor.
    """
    text = config.get_text_config()
    found = [(key, getattr(text, key, None)) for key in POSITIONS]
    key, limit = next(((k, n) for k, n in found if isinstance(n, int) and n > 0), ("", None))
    rope = getattr(text, "rope_parameters", None) or {}
    if limit and rope.get("rope_type") == "yarn":
        before = rope.get("original_max_position_embeddings") or limit
        limit = max(limit, int(before * rope.get("factor", 1)))
    return key, limit


def _share(some: Sequence[Reading], every: Sequence[Reading]) -> str:
    ids, all_ids = ({one.input_id for one in readings} for readings in (some, every))
    return f"{len(ids)} of {len(all_ids)} inputs {'is' if len(ids) == 1 else 'are'}"


def _names(readings: Sequence[Reading]) -> str:
    """The inputs with the lengths of what is read about them, the first few."""
    longest = {one.input_id: one for one in sorted(readings, key=lambda one: one.length)}
    shown = [f"{name} ({one.length:,})" for name, one in sorted(longest.items())[:SHOWN]]
    rest = len(longest) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
