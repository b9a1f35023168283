"""A run that is killed loses what is in flight and nothing else.

`python -m tests.hosted.test_kills URL FOLDER` asks, in a process that can be killed.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.hosted.asked import DRAWN, answers, hosted, questions, serving

COUNT, KILLS = 160, 3


def started(url: str, folder: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", __name__, url, str(folder)])


@pytest.mark.slow
def test_killed_runs_end_with_the_same_answers_and_pay_twice_at_most_one_a_place(tmp_path):
    with serving() as (server, _):
        sound = answers(hosted(server), questions(COUNT), tmp_path / "sound", DRAWN)
    with serving(latency=0.05) as (server, chat):
        for _ in range(KILLS):
            begun = len(server.log)
            process = started(server.url, tmp_path)
            while process.poll() is None and len(server.log) < begun + COUNT // (KILLS + 2):
                time.sleep(0.01)
            process.kill()
            process.wait()
        assert answers(hosted(server), questions(COUNT), tmp_path, DRAWN) == sound
        assert len(set(chat.answered)) == COUNT
        assert len(chat.answered) - COUNT <= KILLS * server.most_in_flight
        assert server.most_in_flight > 1


if __name__ == "__main__":
    stand_in = type("StandIn", (), {"url": sys.argv[1]})
    answers(hosted(stand_in), questions(COUNT), Path(sys.argv[2]), DRAWN)
