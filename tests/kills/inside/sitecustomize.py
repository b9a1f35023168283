"""Python runs this first in each process of a campaign: it ends a stage's command from inside.

KILL in the environment says, as JSON, which cell's command is meant, with which signal it ends
itself (or the whole process group), and when: so many seconds of processor time after params.yaml
was opened, which a command does first, or at the n-th file that is written, renamed or deleted
since.
Where it hit, or what there was to hit, goes to the file that it names.
"""

import atexit
import json
import os
import signal
import sys
import threading
import time
import traceback

TOLD = json.loads(os.environ.get("KILL", "{}"))
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "sqlite3.connect")


class Watch:
    def __init__(self) -> None:
        self.began, self.changes, self.hit = 0.0, 0, False

    def __call__(self, event: str, given: tuple) -> None:
        if not self.began:
            if event == "open" and str(given[0]).endswith("params.yaml"):
                self.began = time.process_time()
                if TOLD.get("after") is not None:
                    threading.Thread(target=self.wait, daemon=True).start()
        elif event in CHANGES or (event == "open" and given[2] & (os.O_WRONLY | os.O_RDWR)):
            self.changes += 1
            if self.changes == TOLD.get("change"):
                self.end(f"{event} {os.path.basename(str(given[0]))}")

    def wait(self) -> None:
        while time.process_time() - self.began < TOLD["after"]:
            time.sleep(0.002)
        self.end("in time")

    def end(self, where: str) -> None:
        if not self.hit:
            self.hit = True
            frame = sys._current_frames()[threading.main_thread().ident]
            ours = [f for f in traceback.extract_stack(frame) if "/stages/" in f.filename]
            inner = f"{ours[-1].name}, line {ours[-1].lineno}" if ours else "outside"
            self.tell({"hit": f"{where}: {inner}"})
            number = signal.Signals[TOLD["signal"]]
            if TOLD["group"]:
                os.killpg(os.getpgrp(), number)
            else:
                os.kill(os.getpid(), number)

    def measured(self) -> None:
        self.tell({"seconds": time.process_time() - self.began, "changes": self.changes})

    def tell(self, what: dict) -> None:
        with open(TOLD["report"], "w") as file:
            json.dump(what, file)


if TOLD.get("cell") == os.environ.get("DVC_STAGE", "") and any(
    argument.startswith("stages.") for argument in sys.orig_argv
):
    watch = Watch()
    sys.addaudithook(watch)
    if "signal" not in TOLD:
        atexit.register(watch.measured)
