"""What a model can be asked by: a prefix tree, padded rows, a cache; tried, not assumed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from stages.models.local.subject.attention import prefix_attention, tree_logits
from stages.models.local.subject.budget import is_out_of_memory
from stages.models.local.subject.generation import Rows, generate
from stages.models.local.subject.layout import Tokens, lay_out
from stages.models.local.subject.plan import prefill_plan

# Tokens in tenths of the vocabulary: its first ones were often never trained, and round worst.
ROWS = ((5, 6, 7, 8, 9), (5, 6, 7, 4, 3, 2), (5, 2), (9, 3, 6, 7, 8))
TOLD = (4, 7, 2)  # those that follow each row
LENGTHS = re.compile(r"^[a-z].*(window|chunk|block)(_size)?$")  # names of lengths in a config
LONGEST = 256  # tokens of those that are tried
TOLERANCE = 1e-3  # of the logits' spread; rounding in float32 makes a twentieth of it at most


@torch.inference_mode()
def shares_prefixes(model: Any) -> bool:
    """Whether `model` computes over a tree what it computes over plain rows.

    Windows and chunks of any length are those of the model's own masks (`seen_by` of
    subject/attention); a row longer than the window is tried too, where that is short. What no
    short trial shows is refused (`turns_at`).
    """
    if turns_at(model) is not None:
        return False
    rows = _rows(model)
    layout = lay_out([rows[:2], rows[2:]])
    lasts = [path[-1] for paths in layout.paths for path in paths]
    with _trial():
        with prefix_attention(model):
            plan = prefill_plan(layout, model.device, cache_columns=0)
            places = torch.tensor(lasts, device=model.device)
            shared = tree_logits(model, layout.tokens, layout.positions, plan, places)
        return _same(shared, torch.stack([_whole(model, row)[-1] for row in rows]))
    return False


@torch.inference_mode()
def how_rows(model: Any) -> Rows:
    """How `generate` gives of rows by themselves what a whole forward over each gives."""
    rows, steady, told = _rows(model), turns_at(model), _tokens(model, TOLD)
    whole = [_whole(model, row + told[:-1])[-len(told) :] for row in rows]
    for how in (Rows(True, True, steady), Rows(False, True, steady)):
        found: list[list[torch.Tensor]] = [[] for _ in rows]
        with _trial():
            generate(model, rows, len(told), partial(_follow, found, told), how)
            if all(_same(torch.stack(x), y) for x, y in zip(found, whole, strict=True)):
                return how
    return Rows(padded=False, cached=False)


@torch.inference_mode()
def is_decoder(model: Any) -> bool:
    """Whether what `model` says after a text is the same whatever follows the text."""
    rows, told = _rows(model), _tokens(model, TOLD)
    return all(_same(_whole(model, row), _whole(model, row + told)[: len(row)]) for row in rows)


def turns_at(model: Any) -> int | None:
    """Tokens of a row up to which its length does not change what a token is to the model.

    Rotary positions that turn otherwise in long rows (`dynamic`, `longrope`: transformers goes
    by the longest row of a batch), scores that grow with the place in the row (Llama 4, which on
    a tree is not the position). None where no row that the model can read is longer.
    """
    config = model.config.get_text_config()
    found = [config.floor_scale - 1] if getattr(config, "attn_temperature_tuning", False) else []
    for module in model.modules():
        if any(kind in str(getattr(module, "rope_type", "")) for kind in ("dynamic", "longrope")):
            rope = getattr(config, "rope_parameters", None) or {}
            flat = [rope, *(part for part in rope.values() if isinstance(part, dict))]
            told = [part.get("original_max_position_embeddings") for part in flat]
            found += [n for n in told if n] or [config.max_position_embeddings]
    found = [n for n in found if n < (getattr(config, "max_position_embeddings", None) or n + 1)]
    return min(found, default=None)


def _rows(model: Any) -> list[Tokens]:
    """The rows of a trial: a longer one where the config says a length that is worth trying."""
    told = vars(model.config.get_text_config()).items()
    lengths = [n for name, n in told if type(n) is int and LENGTHS.match(name)]
    longest = max((n for n in lengths if 0 < n <= LONGEST), default=0)
    long = [tuple(2 + n * n % 8 for n in range(longest + 8))] if longest else []
    return [_tokens(model, row) for row in (*ROWS, *long)]


def _tokens(model: Any, tenths: tuple[int, ...]) -> Tokens:
    tenth = max(1, model.get_input_embeddings().weight.shape[0] // 10)
    return tuple(n * tenth for n in tenths)


def _whole(model: Any, row: Tokens) -> torch.Tensor:
    """Logits (N, V) of a plain forward, without padding or cache."""
    logits_NV: torch.Tensor = model(
        torch.tensor([row], device=model.device), use_cache=False
    ).logits[0]
    return logits_NV


def _follow(
    found: list[list[torch.Tensor]], told: Tokens, logits_BV: torch.Tensor, numbers: list[int]
) -> dict[int, int]:
    """Keep what `generate` computes, and go on with the tokens that are told."""
    for n, logits_V in zip(numbers, logits_BV, strict=True):
        found[n].append(logits_V.clone())
    return {n: told[len(found[n]) - 1] for n in numbers}


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    one, other = one.float(), other.float()
    return bool((one - other).abs().max() <= TOLERANCE * other.std())


@contextmanager
def _trial() -> Iterator[None]:
    """What fails within the block failed for the model; but memory that runs out is no verdict."""
    try:
        yield
    except (TypeError, ValueError, AttributeError, RuntimeError, IndexError) as error:
        if is_out_of_memory(error):
            raise
