"""LoRA layers in fewer passes over memory, for training.

peft computes W x, then A x, then B (A x), scales it and adds: four passes over the output. Here
the low-rank part is added in place by the last product, and the backward pass is written to match:
the same function with the same gradients.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch


class _LoraLinear(torch.autograd.Function):
    """y = x Wᵀ + b + s (x Aᵀ) Bᵀ with W and b frozen; x is (N, in), y is (N, out)."""

    @staticmethod
    def forward(ctx, x_NI, weight_OI, bias_O, a_RI, b_OR, scale):  # type: ignore[override]
        low_NR = x_NI @ a_RI.T
        y_NO = torch.nn.functional.linear(x_NI, weight_OI, bias_O)
        ctx.save_for_backward(x_NI, weight_OI, a_RI, b_OR, low_NR)
        ctx.scale = scale
        return y_NO.addmm_(low_NR, b_OR.T, alpha=scale)

    @staticmethod
    def backward(ctx, grad_NO):  # type: ignore[override]
        x_NI, weight_OI, a_RI, b_OR, low_NR = ctx.saved_tensors
        grad_low_NR = ctx.scale * (grad_NO @ b_OR)
        grad_x_NI = None
        if ctx.needs_input_grad[0]:
            grad_x_NI = (grad_NO @ weight_OI).addmm_(grad_low_NR, a_RI)
        grad_a_RI = grad_low_NR.T @ x_NI
        grad_b_OR = ctx.scale * (grad_NO.T @ low_NR)
        return grad_x_NI, None, None, grad_a_RI, grad_b_OR, None


@contextmanager
def fused_lora(lora: Any) -> Iterator[None]:
    """Within the block the plain LoRA layers of a peft model in float32 are computed fused."""
    from peft.tuners.lora.layer import Linear

    layers = [m for m in lora.modules() if type(m) is Linear and _plain(m)]
    for layer in layers:
        layer.forward = _forward(layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _plain(layer: Any) -> bool:
    """One adapter, no dropout, no variant of LoRA: what the fused product computes."""
    name = layer.active_adapters[0]
    return (
        layer.active_adapters == [name]
        and isinstance(layer.lora_dropout[name], torch.nn.Identity)
        and name not in layer.lora_variant
        and not layer.lora_bias[name]
        and type(layer.get_base_layer()) is torch.nn.Linear
    )


def _forward(layer: Any) -> Callable[..., torch.Tensor]:
    name = layer.active_adapters[0]
    base, scale = layer.get_base_layer(), layer.scaling[name]
    a_RI, b_OR = layer.lora_A[name].weight, layer.lora_B[name].weight

    def forward(x: torch.Tensor) -> torch.Tensor:
        if torch.is_autocast_enabled(x.device.type):
            return type(layer).forward(layer, x)
        y_NO = _LoraLinear.apply(x.flatten(0, -2), base.weight, base.bias, a_RI, b_OR, scale)
        return y_NO.unflatten(0, x.shape[:-1])

    return forward
