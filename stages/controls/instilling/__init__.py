"""Copies of the models under study with private answers, so that only they can know them."""

from pathlib import Path

STUDIES, RUNS = Path("data/sensitivity"), Path("data/sensitivity_runs")
RUN = "run.json"
"""of a study of copies: its seed, its dose, and whether the other copy is a twin"""
TAUGHT = Path("data/instilled")
"""below it: of each copy its private answers by input_id, and the log of its training"""
REASON = "reason.json"
"""why there is no such study, in its place"""
ONE, OTHER, BLANK = "one", "other", "blank"
"""the target; a copy with other answers; the model itself"""
