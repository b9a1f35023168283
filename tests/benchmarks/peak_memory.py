"""Peak memory of one epoch on Gemma 3, in a process of its own: prints GB.

python -m tests.benchmarks.peak_memory ours    # or trl
"""

import resource
import sys

from tests.benchmarks import ours, peers, workload
from tests.benchmarks.__main__ import BATCH_INPUTS


def main(way: str) -> None:
    subject = workload.load("gemma3")
    inputs = workload.train_rows(subject, 8)
    if way == "ours":
        ours.train(subject, inputs, BATCH_INPUTS)
    else:
        peers.TrlTraining(subject, inputs, BATCH_INPUTS, packing=False).epoch()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9)


if __name__ == "__main__":
    main(sys.argv[1])
