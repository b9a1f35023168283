"""Asking a server: how near 2,000 requests of 0.2 seconds come to 64 always in flight."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stages.models.hosted.ask.asking import ask
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import Host
from stages.models.hosted.limiter import Limiter
from stages.models.questions import Decoding, Question
from stages.storage.response_cache import ResponseCache

REQUESTS, LATENCY, IN_FLIGHT = 2000, 0.2, 64  # latency in seconds


def asking() -> list[tuple[str, float, str]]:
    """Seconds over the ideal, and processor time; the server is a process of its own."""
    command = [sys.executable, "-m", "tests.hosted.standin.server", "--latency", str(LATENCY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            model = Hosted(Host("toy", "toy", f"{url}/v1"), limiter=Limiter(most=IN_FLIGHT))
            asked = [
                Question((i,), (i,), [{"role": "user", "content": f"What is number {i}?"}])
                for i in range(REQUESTS)
            ]
            folder = tempfile.mkdtemp()
            with ResponseCache(Path(folder) / "answers.sqlite") as cache:
                wall, busy = time.perf_counter(), time.process_time()
                found = ask(model, asked, Decoding(12), cache, "hosted")
                wall, busy = time.perf_counter() - wall, time.process_time() - busy
            shutil.rmtree(folder)
        finally:
            server.terminate()
    sound = sum(one.finish_reason in ("stop", "length") for one in found.values())
    checked = f"{sound} of {REQUESTS} answered and kept"
    return [
        ("hosted_seconds_over_ideal", wall / (REQUESTS * LATENCY / IN_FLIGHT), checked),
        ("hosted_processor_seconds_per_1000", busy / REQUESTS * 1000, checked),
    ]
