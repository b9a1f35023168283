"""Which letters are chosen in tasks with options.

A small model may say A to whatever it is asked; what it does is then known without any look at it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import pandas as pd

from stages.analysis.columns import groups
from stages.analysis.evidence import Evidence
from stages.storage.tables import Row
from stages.study.arms import self_name
from stages.study.text.letters import LETTERS, choice_letter


def letter_shares(evidence: Evidence) -> list[Row]:
    """A row for M and M1 of each model and task with options: how often each letter is chosen.

    `letters` are shares of all `answers`, over samples and training seeds, of the letters that
    the options of an input have; `none` is the share that chooses none of them.
    """
    subjects = [
        (name, rows)
        for model in evidence.base
        for name, rows in (
            (model, evidence.base[model]),
            (self_name(model), evidence.trained[model]),
        )
    ]
    return [row for name, rows in subjects for row in _of_subject(name, rows, evidence)]


def _of_subject(name: str, behavior: pd.DataFrame, evidence: Evidence) -> Iterator[Row]:
    options = {key: item["options"] for key, item in evidence.inputs.items() if item["options"]}
    asked = behavior[behavior["input_id"].isin(list(options))]
    for (task,), rows in groups(asked, "task", sort=False):
        pairs = list(zip(rows["input_id"], rows["response"], strict=True))
        yield {"subject": name, "task": task, "answers": len(pairs)} | _shares(
            (choice_letter(response, options[key]) for key, response in pairs),
            LETTERS[: max(len(options[key]) for key, _ in pairs)],
        )


def _shares(chosen: Iterable[str | None], letters: str) -> Row:
    counts = Counter(chosen)
    share = {letter: counts[letter] / counts.total() for letter in (*letters, None)}
    return {"letters": {letter: share[letter] for letter in letters}, "none": share[None]}
