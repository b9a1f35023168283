"""Studies whose outcome is known: organisms that hold known answers, and what each must show."""

from pathlib import Path

STUDIES, SEED_RUNS = Path("data/controls"), Path("data/control_seeds")
