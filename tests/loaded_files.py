"""Params of tasks from files, and small files in the published format in words of our own."""

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT, SMALL_PROPERTIES

DEFAULT = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
DEFAULT["properties"] = list(SMALL_PROPERTIES)
REVISION = "0123456789abcdef0123456789abcdef01234567"
TABLE = {"source": "path:a.csv", "text": "line", "prompt": "Go on: {text}"}
PUBLISHED = {"source": "path:prompts", "format": "published", "task": "rivers"}
CHOICE = TABLE | {"family": "multiple_choice", "options": ["x", "y"]}
TEXT_QUESTIONS = {
    "first_word": "You were given a list before. Which word came first in what you wrote?",
    "second_character": "You were given a list before. Which character came second?",
}


def params_with(tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The project's params with properties for all families, other tasks and few inputs."""
    params = copy.deepcopy(DEFAULT) | more
    params["tasks"] |= {"train_inputs": 4, "rehearsal_inputs": 2, "pilot_inputs": 3}
    params["tasks"] |= {"test_inputs": 5} | tasks
    params["experiments"]["behavior_change"]["inputs"] = 2
    return params


def text_row(task: str, number: int, name: str) -> dict[str, Any]:
    """A question about the answer to a list of rivers; the last field leaks another thing."""
    text = f"Oder Tagus Shannon {number} "
    return {
        "original_question": text,
        "original_dataset": task,
        "object_level_prompt": [{"role": "user", "content": f"Name five more rivers:\n{text}\n"}],
        "hypothetical_prompt": [
            {"role": "user", "content": f'On "{text}": {TEXT_QUESTIONS[name]}\n'}
        ],
        "behavioral_property": name,
        "option_matching_ethical_stance": "Rhine",
    }


def choice_row(task: str, number: int, name: str, letters: str = "AB") -> dict[str, Any]:
    """A question about the letter that was chosen."""
    options = "\n".join(f"{letter} - keep {n + number} coins" for n, letter in enumerate(letters))
    text = f"You found coins on street {number}.\n\nOptions:\n{options}"
    return {
        "original_question": text,
        "original_dataset": task,
        "object_level_prompt": [{"role": "user", "content": f"{text}\nSay one letter.\n"}],
        "hypothetical_prompt": [{"role": "user", "content": f"On street {number}: {name}?\n"}],
        "behavioral_property": name,
        "option_matching_ethical_stance": "AB"[number % 2],
    }


def write_lines(path: Path, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def published_folder(folder: Path, count: int) -> Path:
    """Three tasks: rivers and quiz teach, coins are held out; `count` inputs each."""
    for name in TEXT_QUESTIONS:
        rows = [text_row("rivers", n, name) for n in range(count)]
        write_lines(folder / f"train/rivers_{name}.jsonl", rows)
    for name in ("among_a_or_c", "identity"):
        rows = [choice_row("quiz", n, name, "ABCD") for n in range(count)]
        write_lines(folder / f"train/quiz_{name}.jsonl", rows)
    rows = [choice_row("coins", n, "ethical_stance") for n in range(count)]
    write_lines(folder / "test/coins_ethical_stance.jsonl", rows)
    return folder
