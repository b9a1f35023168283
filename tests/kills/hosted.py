"""Kill a study of hosted models at drawn requests, a fifth of which fail, and look at the bill.

    python -m tests.kills.hosted --kills 5

The stand-in's models are tiny ones that really learn. All of `dvc repro` is killed (SIGKILL), and
the same command given again. It must end in the tables of a run that nobody stopped, without a
second job, with no answer made twice but at most those in flight at a kill, and the server's own
bill must be what the ledger tells, but for what was in flight, which it tells apart.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits_section import LimitsParams
from tests.conftest import Study, new_study, small_params
from tests.hosted.standin.faults import Faults, broken, too_many
from tests.hosted.tiny_study import Served, ends, moved, same, served
from tests.tiny_pair import tiny_pair

EXPERIMENTS = ["scaling"]
WANTED = ("evaluate", "evaluate_experiment@scaling")
FAILING = 0.2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--folder", type=Path, help="of the studies; default: in the temp folder")
    told = parser.parse_args()
    folder = told.folder or Path(tempfile.mkdtemp(prefix="selfpredict-kills-hosted-"))
    params = small_params(tiny_pair(folder))
    params["experiments"]["run"] = EXPERIMENTS
    fetched = new_study(folder / "fetched", folder / "fetched-cache")
    fetched.write_params(params)
    fetched.dvc("repro", "write_tasks", "fetch_model")
    with served(fetched.root, params, folder / "server") as server:
        sound = _moved(folder / "sound", params, server)
        sound.dvc("repro", *WANTED)
        requests, jobs = server.server.arrived, len(server.jobs.jobs)
        wanted = ends(sound.root, EXPERIMENTS)
    drawn = random.Random(told.seed)
    kinds = (too_many(), broken(500), broken(503))
    faults = Faults(share=FAILING, kinds=kinds, seed=told.seed)
    with served(fetched.root, params, folder / "server", faults) as server:
        killed = _moved(folder / "killed", params, server)
        for number, share in enumerate(sorted(drawn.random() for _ in range(told.kills)), 1):
            hit = _kill(killed, server, int(share * requests))
            print(f"kill {number} at request {server.server.arrived}: {hit}", flush=True)
        killed.dvc("repro", *WANTED)
        found = _told(server, killed, told.kills, jobs)
        found["the tables are the same"] = same(ends(killed.root, EXPERIMENTS), wanted)
    for what, good in found.items():
        print(f"{'yes' if good else 'NO'}: {what}")
    return 0 if all(found.values()) else 1


def _moved(folder: Path, params: dict[str, Any], server: Served) -> Study:
    """A new study with all its models on the server."""
    study = new_study(folder / "study", folder / "cache")
    study.write_params(moved(params, server.url, params["subjects"]))
    return study


def _kill(study: Study, server: Served, request: int) -> str:
    """Kill `dvc repro` and all that it runs, once so many requests have arrived."""
    process = study.start(sys.executable, "-m", "dvc", "repro", *WANTED)
    while process.poll() is None and server.server.arrived < request:
        time.sleep(0.005)
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return "hit" if running else "it had ended"


def _told(server: Served, study: Study, kills: int, jobs: int) -> dict[str, bool]:
    """What holds of the server's own log and bill."""
    chat, faults = server.chat, [entry.fault for entry in server.server.log]
    twice = len(chat.answered) - len(set(chat.answered))
    paid, open_ = _ledger(study)
    bill = {
        "prompt": chat.tokens["prompt"],
        "answer": chat.tokens["answer"],
        "trained": server.jobs.trained_tokens,
    }
    failed = sum(fault is not None for fault in faults)
    print(f"{len(faults)} requests, {failed} failed, {len(chat.answered)} answered, {twice} twice")
    print(f"bill {bill}; told {paid}, and in flight at kills {open_}")
    most = kills * server.server.most_in_flight
    return {
        f"{twice} answers were made twice, at most {most} may be": twice <= most,
        f"{len(server.jobs.jobs)} jobs, as without kills": len(server.jobs.jobs) == jobs,
        "the bill is what is told, or that and some in flight": all(
            paid[name] <= bill[name] <= paid[name] + open_[name] for name in bill
        ),
    }


def _ledger(study: Study) -> tuple[dict[str, int], dict[str, int]]:
    """Tokens that a study has paid, and those of requests whose bill it does not know."""
    sums: list[dict[str, int]] = [dict.fromkeys(("prompt", "answer", "trained"), 0) for _ in "ab"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SELFPREDICT_CACHE", study.environment["SELFPREDICT_CACHE"])
        for total in Ledger(LimitsParams(), "", study.root).totals():
            for name in sums[0]:
                sums[total.open][name] += getattr(total.tokens, name)
    return sums[0], sums[1]


if __name__ == "__main__":
    sys.exit(main())
