"""A small study written as tables: two models, one train task, two held-out tasks, known answers.

On input number i self-prediction is right unless i % 4 == 0, fresh self unless i % 3 == 0, cross
where i is even; untrained M never complies. Model `left` always shows the trait on
survival_instinct, so ethical_stance there is uninformative for it. M1 differs from M on the first
held-out animal. With training seeds other than 0, cross is right where i is a multiple of 3.
"""

import hashlib
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import yaml

from stages.analysis.cells import judge
from stages.analysis.pilot import read_pilot
from stages.params import Params
from stages.storage.files import write_json
from stages.storage.tables import Row, write_table
from stages.study.properties import PROPERTIES, property_value
from stages.study.splits import part_of

MODELS = ("left", "right")
PROPERTY_NAMES = ("first_word", "first_character", "ethical_stance")
FAMILIES = {"countries_long": "sequence", "animals_long": "sequence", "survival_instinct": "values"}
WORDS = ("cat", "dog", "horse", "ibex", "owl")
TEST_INPUTS = 24
SCRIPT = "<script>alert(1)</script>"


def params(seeds: Sequence[int] = (0,)) -> dict:
    return {
        "seed": 0,
        "seeds": list(seeds),
        "subjects": list(MODELS),
        "models": {name: {"source": f"path:models/{name}"} for name in MODELS},
        "tasks": {
            "train": ["countries_long"],
            "test": ["animals_long", "survival_instinct"],
            "train_inputs": 20,
            "rehearsal_inputs": 4,
            "pilot_inputs": 12,
            "test_inputs": TEST_INPUTS,
        },
        "properties": list(PROPERTY_NAMES),
        "sampling": {
            "temperature": 0.0,
            "n_samples": 1,
            "max_tokens": 16,
            "stop_when_decided": False,
        },
        "chat": {"date": "2026-01-01"},
        "finetune": {
            "epochs": 1,
            "learning_rate": 0.001,
            "lora_rank": 4,
            "lora_alpha": 8,
            "lora_dropout": 0.0,
            "target_modules": "all-linear",
            "batch_inputs": 4,
            "warmup_fraction": 0.1,
            "schedule": "linear",
            "weight_decay": 0.0,
            "max_grad_norm": 1.0,
            "held_back": 0.1,
            "checkpoint_every": 10,
            "rehearse": "none",
            "rehearse_weight": 1.0,
            "lessons": 0.0,
            "seed_by": "study",
            "scramble_labels": False,
        },
        "cross_questions": {"train": "second", "test": "second"},
        "predict": {"max_tokens": 8, "closed_answers": "generate", "stop_when_decided": True},
        "evaluate": {
            "max_mode_share": 0.9,
            "min_compliance": 0.5,
            "ceiling": None,
            "min_cell_rows": 1,
            "permutations": 200,
            "confidence": 0.95,
        },
    }


def _id(text: str, role: str, part: str) -> str:
    """An id of the text that is of the part."""
    ids = (hashlib.sha256(f"{text} {n}".encode()).hexdigest()[:16] for n in count())
    return next(key for key in ids if part_of(role, key) == part)


def inputs() -> list[Row]:
    """The tasks rows, in the order of their number within task and split."""
    rows = []
    sizes = [
        ("countries_long", "train", "train", 20),
        ("animals_long", "test", "rehearsal", 4),
        ("animals_long", "test", "pilot", 12),
        ("animals_long", "test", "test", TEST_INPUTS),
        ("survival_instinct", "test", "rehearsal", 4),
        ("survival_instinct", "test", "pilot", 12),
        ("survival_instinct", "test", "test", TEST_INPUTS),
    ]
    for task, role, part, size in sizes:
        values = task == "survival_instinct"
        split = "test" if part == "test" else "train"
        for i in range(size):
            text = f"{task} {part} {i} {WORDS[i % 5]}"
            rows.append(
                {
                    "input_id": _id(text, role, part),
                    "task": task,
                    "family": FAMILIES[task],
                    "role": role,
                    "split": split,
                    "input": text,
                    "object_prompt": [{"role": "user", "content": f"Go on: {text}"}],
                    "options": ["A", "B"] if values else [],
                    "trait_option": "AB"[i % 2] if values else None,
                    "questions": None,
                }
            )
    return rows


def response(model: str, item: Row, *, trained: bool = False) -> str:
    """What a model answers: a rotation of WORDS, or an option."""
    number = int(item["input"].split()[2])
    if item["task"] == "survival_instinct":
        return item["trait_option"] if model == "left" else "AABB"[number % 4]
    first = number + (model == "right") + (trained and item["split"] == "test" and number == 0)
    return " ".join(WORDS[(first + n) % 5] for n in range(5))


def asked(item: Row) -> list[str]:
    return [n for n in PROPERTY_NAMES if FAMILIES[item["task"]] in PROPERTIES[n].families]


def value(model: str, item: Row, name: str, *, trained: bool) -> str:
    found = property_value(
        name,
        response(model, item, trained=trained),
        FAMILIES[item["task"]],
        options=item["options"],
        trait_option=item["trait_option"],
    )
    assert found is not None
    return found


def behavior(model: str, seeds: Sequence[int | None]) -> list[Row]:
    return [
        {
            "input_id": item["input_id"],
            "task": item["task"],
            "sample": 0,
            "response": response(model, item, trained=seed is not None),
            "finish_reason": "stop",
            "first_token_logprob": -0.5,
            "near_tie": False,
            "fingerprint": model,
            "seed": seed,
        }
        for seed in seeds
        for item in inputs()
        if seed is None or part_of(item["role"], item["input_id"]) != "rehearsal"
    ]


def predictions(predictor: str, target: str, seeds: Sequence[int]) -> list[Row]:
    arms: list[tuple[str, int | None]] = [("cross", seed) for seed in seeds]
    if predictor == target:
        arms = [(kind, seed) for kind in ("self", "fresh_self") for seed in seeds]
        arms.append(("untrained", None))
    right = {
        "self": lambda i: i % 4 != 0,
        "fresh_self": lambda i: i % 3 != 0,
        "cross": lambda i: i % 2 == 0,
        "untrained": lambda i: False,
    }
    rows = []
    for kind, seed in arms:
        for item in inputs():
            if (item["role"], item["split"]) != ("test", "test"):
                continue
            for name in asked(item):
                truth = value(target, item, name, trained=True)
                number = int(item["input"].split()[2])
                late = kind == "cross" and seed
                correct = number % 3 == 0 if late else right[kind](number)
                if correct:
                    raw = truth
                elif kind == "untrained" or name == "ethical_stance":
                    raw = f"{SCRIPT} I am sorry"
                else:
                    raw = "z"
                answer, compliant = PROPERTIES[name].parse_answer(raw)
                rows.append(
                    {
                        "subject": predictor,
                        "kind": kind,
                        "input_id": item["input_id"],
                        "task": item["task"],
                        "property": name,
                        "sample": 0,
                        "question": [{"role": "user", "content": f'"{item["input"]}" {name}?'}],
                        "raw_answer": raw,
                        "finish_reason": "stop",
                        "answer": answer,
                        "compliant": compliant,
                        "logprob": -1.0,
                        "near_tie": False,
                        "distribution": None,
                        "shown": False,
                        "seed": seed,
                    }
                )
    return rows


def dataset(target: str, seeds: Sequence[int | None]) -> list[Row]:
    return [
        {
            "input_id": item["input_id"],
            "task": item["task"],
            "property": name,
            "question": [{"role": "user", "content": name}],
            "slice": "train",
            "shown": False,
            "weight": 1.0,
            "label": value(target, item, name, trained=True),
            "seed": seed,
        }
        for seed in seeds
        for item in inputs()
        if item["role"] == "train"
        for name in asked(item)
    ]


def embeddings(model: str) -> list[Row]:
    """What `left` makes of an input tells its word; `right` makes the same of every input."""
    return [
        {
            "input_id": item["input_id"],
            "values": [
                float(model == "left" and int(item["input"].split()[2]) % 5 == n) for n in range(5)
            ],
        }
        for item in inputs()
    ]


def write_study(root: Path, seeds: Sequence[int] = (0,)) -> None:
    """Write params.yaml and data/ of the small study under `root`."""
    (root / "params.yaml").write_text(yaml.safe_dump(params(seeds)), encoding="utf-8")
    data = root / "data"
    rows = inputs()
    for task in FAMILIES:
        own = [row for row in rows if row["task"] == task]
        write_table("tasks", own, data / "tasks" / f"{task}.parquet")
    for model in MODELS:
        for suffix, trained in (("", (None,)), ("-self", seeds)):
            path = data / "behavior" / f"{model}{suffix}.parquet"
            write_table("behavior", behavior(model, trained), path)
        write_table("embeddings", embeddings(model), data / "embeddings" / f"{model}.parquet")
        for suffix, trained in (("self", (None,)), ("cross", seeds), ("fresh", seeds)):
            path = data / "datasets" / f"{model}-{suffix}.parquet"
            write_table("datasets", dataset(model, trained), path)
        names = [f"{model}-self", *(f"{model}-on-{target}" for target in MODELS)]
        for name in (f"{name}/seed-{seed}" for name in names for seed in seeds):
            log = {
                "held_back_rows": 24,
                "held_back_accuracy": 0.5,
                "held_back_mode": 0.25,
                "held_back_loss": 1.5,
                "steps": 2,
            }
            log["loss"] = [[0, 2.0], [1, 1.0]]
            write_json(data / "adapters" / name / "train_log.json", log)
        write_json(root / "metrics" / "controls.json", {})
        write_json(root / "metrics" / "sensitivity.json", {})
        for target in MODELS:
            path = data / "predictions" / f"{model}-on-{target}.parquet"
            write_table("predictions", predictions(model, target, seeds), path)
    told = Params.model_validate(params(seeds))
    cells = judge(read_pilot(told.design, data), told.design, told.evaluate.limits)
    write_table("cells", cells, data / "cells.parquet")
