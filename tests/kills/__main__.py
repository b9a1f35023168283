"""Kill a tiny study again and again, at drawn moments, and see that it ends in the same files.

    python -m tests.kills --count 60
    python -m tests.kills --count 5 --cells fetch_model@one

Some ten seconds a kill, and a run of each cell before. The same command goes on where it was
stopped; --folder keeps the studies.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.kills.campaign import Campaign


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="of kills that hit")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--folder", type=Path, help="of the studies; default: in the temp folder")
    parser.add_argument("--cells", nargs="*", default=[], help="of dvc.yaml; default: most of them")
    told = parser.parse_args()
    folder = told.folder or Path(tempfile.gettempdir()) / f"selfpredict-kills-{told.seed}"
    campaign = Campaign(folder, told.count, told.seed, told.cells)
    good = True
    for number, equal, left in campaign.rounds():
        print(f"round {number}: {'hashes equal' if equal else 'HASHES DIFFER'}; left: {left}")
        good &= equal and not left
    print(campaign.summary())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
