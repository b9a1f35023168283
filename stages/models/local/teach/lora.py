"""LoRA over a subject: which layers are taught, and how they begin."""

import logging
import re
from typing import Any

import torch

from stages.models.local.subject.loading import Subject
from stages.models.local.teach.settings import Settings
from stages.models.section import TargetModules
from stages.storage.errors import StudyError

log = logging.getLogger(__name__)

ROUTER = re.compile(r"gate|(.*_)?router(_gate)?|.*expert_gate")  # a part of a layer's name
PAST = ("out_proj", "dt_proj")  # of a state space: its kernels read their weights past LoRA


def with_lora(subject: Subject, settings: Settings) -> Any:
    """The subject's model with LoRA on its taught layers, drawn by the training seed.

    Raises StudyError where `settings.target_modules` has a name that no such layer has.
    """
    from peft import LoraConfig, get_peft_model

    layers = taught_layers(subject, settings.target_modules)
    torch.manual_seed(settings.seed)
    config = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=layers,
        task_type="CAUSAL_LM",
    )
    lora = get_peft_model(subject.model, config)
    assert lora.base_model.targeted_module_names == layers
    count = sum(p.numel() for p in lora.parameters() if p.requires_grad)
    kinds = sorted({last_name(layer) for layer in layers})
    log.info(
        f"{subject.name}: {count:,} parameters are trained, of LoRA on {len(layers)} layers "
        f"({', '.join(kinds)})"
    )
    return lora


def taught_layers(subject: Subject, wanted: TargetModules) -> list[str]:
    """Names of the layers that take LoRA: `all-linear`, or those that end in a wanted name."""
    layers = linear_layers(subject.model)
    if wanted == "all-linear":
        return layers
    for name in wanted:
        if not any(_is_named(layer, name) for layer in layers):
            raise StudyError(
                f"params.yaml: finetune.target_modules: {name!r} is no linear layer of "
                f"{subject.name}'s text model; allowed: all-linear, or a list of "
                f"{', '.join(sorted({last_name(layer) for layer in layers}))}"
            )
    return [layer for layer in layers if any(_is_named(layer, name) for name in wanted)]


def linear_layers(model: Any) -> list[str]:
    """The linear layers of the text model, by name.

    Not the head, nor what sees images or sound, nor the routers of a mixture of experts. Experts
    that are kept as one tensor of three dimensions are no linear layers, nor are the layers beside
    them taught whose names peft takes for parts of that tensor.
    """
    from transformers.pytorch_utils import Conv1D

    text = {id(module) for module in model.get_decoder().modules()}
    head, layers = model.get_output_embeddings(), []
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear | Conv1D) and id(module) in text:
            routes = any(ROUTER.fullmatch(part) for part in name.split("."))
            beside = model.get_submodule(name.rpartition(".")[0])
            past = hasattr(beside, "conv1d") and last_name(name) in PAST
            if module is not head and not routes and not past:
                layers.append(name)
    fused = {name for name in set(map(last_name, layers)) if _is_of_fused_experts(model, name)}
    return [layer for layer in layers if last_name(layer) not in fused]


def _is_of_fused_experts(model: Any, name: str) -> bool:
    """Whether peft lays LoRA over the tensor of all experts when told this name of a layer."""
    from peft import LoraConfig
    from peft.utils.transformers_weight_conversion import convert_peft_config_for_transformers

    config = LoraConfig(target_modules=[name])
    try:
        convert_peft_config_for_transformers(config, model, None)
    except ValueError:  # it wants the names of all parts of the tensor
        return True
    return config.target_modules != {name}


def last_name(layer: str) -> str:
    return layer.rpartition(".")[2]


def _is_named(layer: str, name: str) -> bool:
    return f".{layer}".endswith(f".{name}")
