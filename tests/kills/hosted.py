"""Kill a study of hosted models at drawn requests, a fifth of which fail, and look at the bill.

    python -m tests.kills.hosted --kills 5

The stand-in's models are tiny ones that really learn. All of `dvc repro` is killed (SIGKILL), and
the same command given again. It must end in the tables of the same models run locally by
`dvc repro`, without a second job, with no answer made twice but at most those in flight at a kill,
and the server's own bill must be what the ledger tells, but for what was in flight, which it tells
apart. Some six minutes on two cores; --folder keeps the studies, and a local one is not run again.
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
from tests.conftest import Study, existing_study, new_study, small_params
from tests.hosted.standin.faults import Faults, broken, too_many
from tests.hosted.tiny_study import Served, differing, ends, moved, served
from tests.tiny_pair import tiny_pair

WANTED = "evaluate"
FAILING = 0.2  # of requests, without an answer that is paid for
APART = 140  # requests between two kills at most
COUNTED = ("prompt", "answer", "trained")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--folder", type=Path, help="of the studies; default: in the temp folder")
    told = parser.parse_args()
    folder = told.folder or Path(tempfile.mkdtemp(prefix="selfpredict-kills-hosted-"))
    local = _local(folder)
    drawn = random.Random(told.seed)
    kinds = (too_many(), broken(500), broken(503))
    faults = Faults(share=FAILING, kinds=kinds, seed=told.seed)
    with served(local.root, local.params(), folder / "cache", faults) as server:
        study = new_study(folder / "hosted/study", folder / "hosted/cache")
        study.write_params(moved(local.params(), server.url, local.params()["subjects"]))
        for number in range(1, told.kills + 1):
            hit = _kill(study, server, server.server.arrived + drawn.randint(1, APART))
            print(f"kill {number} at request {server.server.arrived}: {hit}", flush=True)
        study.dvc("repro", WANTED)
        found = _told(server, study, told.kills)
    others = differing(ends(study.root, []), ends(local.root, []))
    found[f"the same tables and numbers as locally, but for {others}"] = not others
    for what, good in found.items():
        print(f"{'yes' if good else 'NO'}: {what}")
    return 0 if all(found.values()) else 1


def _local(folder: Path) -> Study:
    """The study on models of this machine, run where it was not."""
    folder.mkdir(parents=True, exist_ok=True)
    models = tiny_pair(folder)
    if not (folder / "ended").exists():
        study = new_study(folder / "study", folder / "cache")
        study.write_params(small_params(models))
        study.dvc("repro", WANTED)
        (folder / "ended").touch()
    return existing_study(folder / "study", folder / "cache")


def _kill(study: Study, server: Served, request: int) -> str:
    """Kill `dvc repro` and all that it runs, once so many requests have arrived."""
    process = study.start(sys.executable, "-m", "dvc", "repro", WANTED)
    while process.poll() is None and server.server.arrived < request:
        time.sleep(0.005)
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    output, _ = process.communicate()
    return "hit" if running else f"it had ended\n{output[-3000:]}"


def _told(server: Served, study: Study, kills: int) -> dict[str, bool]:
    """What holds of the server's own log and bill."""
    chat, jobs, log = server.chat, server.jobs, server.server.log
    twice = len(chat.answered) - len(set(chat.answered))
    most = kills * server.server.most_in_flight
    bill = dict(chat.tokens) | {"trained": jobs.trained_tokens}
    paid, open_ = _ledger(study)
    failed = sum(entry.fault is not None for entry in log)
    print(f"{len(log)} requests, {failed} failed, {len(chat.answered)} answered, {twice} twice")
    print(f"bill {bill}; told {paid}, and in flight at kills {open_}")
    made = list(jobs.jobs.values())
    lessons = {(job["model"], jobs.contents[job["training_file"]]) for job in made}
    return {
        f"{twice} answers were made twice, at most {most} may be": twice <= most,
        f"{len(made)} jobs for {len(lessons)} lessons": len(made) == len(lessons),
        "the bill is what is told, or that and some in flight": all(
            paid[name] <= bill[name] <= paid[name] + open_[name] for name in COUNTED
        ),
    }


def _ledger(study: Study) -> tuple[dict[str, int], dict[str, int]]:
    """Tokens that a study has paid, and those of requests whose bill it does not know."""
    sums: list[dict[str, Any]] = [dict.fromkeys(COUNTED, 0), dict.fromkeys(COUNTED, 0)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SELFPREDICT_CACHE", study.environment["SELFPREDICT_CACHE"])
        for total in Ledger(LimitsParams(), "", study.root).totals():
            for name in COUNTED:
                sums[total.open][name] += getattr(total.tokens, name)
    return sums[0], sums[1]


if __name__ == "__main__":
    sys.exit(main())
