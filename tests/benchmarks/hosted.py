"""Asking a server: how near 2,000 requests of 0.2 seconds come to 64 always in flight.

Each answer is kept and paid for, under limits; the first request goes alone, and then 20, 40 and
64 are in flight. The bare loop over aiohttp begins with all of them, and keeps nothing.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp

from stages.models.hosted.ask.asking import ask
from stages.models.hosted.ask.orders import body, orders, placed
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limiter import Limiter
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import Tariff
from stages.models.hosted.purse import Purse
from stages.models.questions import Decoding, Question
from stages.storage.response_cache import CACHE_VARIABLE, ResponseCache

REQUESTS, LATENCY, IN_FLIGHT, ROUNDS = 2000, 0.2, 64, 3  # latency in seconds
IDEAL = REQUESTS * LATENCY / IN_FLIGHT
HOW = Decoding(12)
LIMITS = {"max_cost_usd": 100.0, "prices": {"toy": {"input": 1.0, "output": 3.0}}}
ASKED = [
    Question((i,), (i,), [{"role": "user", "content": f"What is number {i}?"}])
    for i in range(REQUESTS)
]


def asking() -> list[tuple[str, float, str]]:
    """Times the ideal, and processor time; the server is a process of its own."""
    load = os.getloadavg()[0]
    command = [sys.executable, "-m", "tests.hosted.standin.server", "--latency", str(LATENCY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            host = Host("toy", "toy", f"{server.stdout.readline().strip()}/v1")
            rounds = [
                (_timed(lambda: _ours(host)), _timed(lambda: _bare(host))) for _ in range(ROUNDS)
            ]
        finally:
            server.terminate()
    checked = f"{REQUESTS} requests, all answered and kept, within limits"
    beside = f"load average {load:.0f} on {os.cpu_count()} cores before it"
    figures = []
    for place, way, said in ((0, "hosted", f"{checked}; {beside}"), (1, "bare", "nothing is kept")):
        walls, busy, answered = zip(*(both[place] for both in rounds), strict=True)
        assert set(answered) == {REQUESTS}
        figures += [
            (f"{way}_times_the_ideal", statistics.median(walls) / IDEAL, said),
            (f"{way}_processor_seconds_per_1000", statistics.median(busy) / REQUESTS * 1000, said),
        ]
    return figures


def _timed(job: Callable[[], int]) -> tuple[float, float, int]:
    """Seconds of wall and of processor, and what the job gives."""
    wall, busy = time.perf_counter(), time.process_time()
    answered = job()
    return time.perf_counter() - wall, time.process_time() - busy, answered


def _ours(host: Host) -> int:
    """How many questions are answered."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ[CACHE_VARIABLE] = folder
        ledger = Ledger(LimitsParams.model_validate(LIMITS), "hosted", Path(folder))
        purse = Purse(ledger, Tariff("toy"))
        model = Hosted(host, limiter=Limiter(most=IN_FLIGHT), purse=purse)
        with ResponseCache() as cache:
            found = ask(model, ASKED, HOW, cache, "hosted")
    return sum(one.finish_reason in ("stop", "length") for one in found.values())


def _bare(host: Host) -> int:
    """How many requests are answered, the same ones."""
    model = Hosted(host)
    sent = [body(model, order) for order in orders(model, placed(model, ASKED, HOW), HOW)]
    return asyncio.run(_all(host.url, sent))


async def _all(url: str, sent: list[dict[str, object]]) -> int:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def one(asked: dict[str, object]) -> bool:
            async with session.post(url, json=asked) as response:
                return bool(await response.read()) and response.status == 200

        return sum(await asyncio.gather(*map(one, sent)))
