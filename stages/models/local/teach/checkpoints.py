"""Checkpoints of a training: what its next step needs, written so that it is there whole or not."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from stages.storage.files import atomic_folder, write_json
from stages.storage.kept_folders import keep_hashes, usable

Parameters = dict[str, torch.nn.Parameter]


def save(
    folder: Path, parameters: Parameters, optimizer: torch.optim.Optimizer, losses: list[float]
) -> None:
    tensors = {f"parameter/{n}": p.detach().cpu().contiguous() for n, p in parameters.items()}
    for name, parameter in parameters.items():
        for key, value in optimizer.state[parameter].items():
            tensors[f"{key}/{name}"] = torch.as_tensor(value).detach().cpu().contiguous()
    with atomic_folder(folder) as partial:
        save_file(tensors, partial / "state.safetensors")
        write_json(partial / "progress.json", losses)
        keep_hashes(partial)


def resume(folder: Path, parameters: Parameters, optimizer: torch.optim.Optimizer) -> list[float]:
    """Load the state of `folder` where there is one; returns the losses of the finished steps."""
    if not usable(folder):
        return []
    tensors = load_file(folder / "state.safetensors")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors.pop(f"parameter/{name}"))
    for key_name, value in tensors.items():
        key, name = key_name.split("/", 1)
        parameter = parameters[name]
        on = value if key == "step" else value.to(parameter.device)
        optimizer.state[parameter][key] = on
    losses: list[float] = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    return losses
