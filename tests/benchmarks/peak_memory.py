"""Peak memory of one epoch on Gemma 3, in a process of its own: prints GB.

python -m tests.benchmarks.peak_memory ours    # or trl
"""

import sys
from pathlib import Path

import torch

from tests.benchmarks import ours, peers, workload
from tests.benchmarks.__main__ import BATCH_INPUTS


def main(way: str) -> None:
    subject = workload.load("gemma3")
    inputs = workload.train_rows(subject, 8)
    if way == "ours":
        ours.train(subject, inputs, BATCH_INPUTS)
    else:
        peers.TrlTraining(subject, inputs, BATCH_INPUTS, packing=False).epoch()
    print(_peak(subject.device))


def _peak(device: torch.device) -> float:
    """GB: of the device, or of this process alone (`ru_maxrss` would count its parent's)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e9


if __name__ == "__main__":
    main(sys.argv[1])
