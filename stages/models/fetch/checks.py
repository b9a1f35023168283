"""What a model must be before it is taken: that which transformers would pass over in silence."""

import logging
from typing import Any

from stages.models.fetch.weights import LEFT_OUT, Held
from stages.storage.errors import StudyError

log = logging.getLogger(__name__)

# Four-bit weights hold two numbers in each that is stored; any more would be made up.
NUMBERS_AT_MOST = 2.5


def embedding_rows(config: Any, held: Held) -> int:
    """How many token ids a model of `config` has a vector for.

    The model is laid out without memory. Raises StudyError where what is `held` can't fill it,
    before a loader fills the rest by chance.
    """
    import torch
    from transformers import AutoModelForCausalLM

    layers = getattr(config.get_text_config(), "num_hidden_layers", 0)
    if layers > held.tensors:
        raise StudyError(
            f"config.json says that it has {layers:,} layers, and there are {held.tensors:,} "
            "tensors of weights in all"
        )
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    expected = sum(weight.numel() for weight in model.parameters())
    if expected > NUMBERS_AT_MOST * held.numbers:
        raise StudyError(
            f"config.json describes a model of {expected:,} parameters, and the weights are "
            f"{held.numbers:,} numbers"
        )
    return int(model.get_input_embeddings().weight.shape[0])


def check_tokens(tokenizer: Any, rows: int) -> None:
    """Raise StudyError where a token that can be needed has no vector among `rows`.

    Special tokens that neither the template nor an answer has, as those of pictures, are not
    needed: texts never become one.
    """
    beyond = {index: token for token, index in tokenizer.get_vocab().items() if index >= rows}
    template = str(tokenizer.chat_template)
    own = {tokenizer.eos_token_id, tokenizer.pad_token_id, *tokenizer("a").input_ids}
    if "bos_token" in template:
        own.add(tokenizer.bos_token_id)
    special = {index for index, t in tokenizer.added_tokens_decoder.items() if t.special}
    needed = [
        index
        for index, token in sorted(beyond.items())
        if index not in special or index in own or token in template
    ]
    if needed:
        raise StudyError(
            f"the embedding has {rows:,} rows and the tokenizer {len(beyond):,} tokens beyond it, "
            f"such as {beyond[needed[0]]!r} (id {needed[0]}): tokens were added and the embedding "
            "was not resized (resize_token_embeddings)"
        )
    if beyond:
        log.info(f"never used, as they have no row in the embedding: {sorted(beyond.values())[:3]}")


def check_report(report: dict[str, Any]) -> None:
    """Raise StudyError where a loader's report says that weights are lacking or too many."""
    for name, found, said in sorted(report["mismatched_keys"]):
        raise StudyError(f"{name} is of size {tuple(found)}, and by its config of {tuple(said)}")
    if absent := sorted(report["missing_keys"]):
        raise StudyError(f"lacks {len(absent)} weights of its architecture, first {absent[0]}")
    others = sorted(report["unexpected_keys"])
    if unknown := [name for name in others if not LEFT_OUT.search(name)]:
        raise StudyError(
            f"holds {len(unknown)} weights that its config has no place for, first {unknown[0]}"
        )
    if others:
        log.info(f"left out: {len(others)} weights that answer nothing, first {others[0]}")


def check_finite(model: Any) -> None:
    """Raise StudyError with the name of a weight that is NaN or infinite."""
    import torch

    for name, weight in model.state_dict().items():
        if weight.is_floating_point() and weight.numel():
            bounds = torch.stack(torch.aminmax(weight.detach()))  # NaN is the least and the most
            if not bounds.isfinite().all():
                count = int((~weight.isfinite()).sum())
                raise StudyError(
                    f"{count:,} of the {weight.numel():,} numbers of {name} are NaN or infinite; "
                    "the weights are damaged"
                )
