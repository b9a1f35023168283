"""Training is seeded, learns, and goes on from a checkpoint to the same bytes."""

import math
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from stages.models.local.subject.layout import lay_out
from stages.models.local.subject.loading import load_base
from stages.models.local.teach import train as training
from stages.models.local.teach.loss import Example, label_weight, loss_and_hits
from stages.models.local.teach.settings import Settings
from stages.models.local.teach.steps import batches, schedule
from stages.models.local.teach.train import train_lora
from stages.storage.errors import StudyError
from tests.models.settings import SETTINGS
from tests.tiny_models import describe, make_tiny_model

LESSONS = replace(SETTINGS, epochs=3, lora_rank=4, lora_alpha=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return describe(make_tiny_model(tmp_path_factory.mktemp("model"), 0, "gemma3"), "tiny")


def rows(first: int, count: int) -> dict[str, list[Example]]:
    """Inputs whose label follows from the question: token 50 for one, 60 for the other."""
    generator = torch.Generator().manual_seed(first)
    inputs = {}
    for number in range(first, first + count):
        prefix = tuple(torch.randint(10, 500, (8,), generator=generator).tolist())
        inputs[f"{number:03}"] = [
            Example((*prefix, 30), (50, 0)),
            Example((*prefix, 31, 7), (60, 0)),
        ]
    return inputs


def rehearsed(folder: Path, *, distill: bool) -> dict[str, list[Example]]:
    """What the model says to twelve prompts, three tokens each."""
    model, inputs = load_base(folder).model, {}
    for name, (first, _) in rows(200, 12).items():
        read = torch.tensor([[*first.prompt[:-1], 77]])
        said = read.tolist()[0]
        for _ in range(3):
            said.append(int(model(torch.tensor([said])).logits[0, -1].argmax()))
        prompt, label = tuple(said[:-3]), tuple(said[-3:])
        inputs[name] = [Example(prompt, label, 3.0, rehearsed=True, distill=distill)]
    return inputs


def run(folder: Path, checkpoint: Path, settings: Settings = LESSONS, more=None):
    logged: list[tuple[int, float]] = []
    lora, report = train_lora(
        load_base(folder),
        rows(0, 12) | (more or {}),
        rows(100, 4),
        settings,
        checkpoint,
        lambda step, loss: logged.append((step, loss)),
    )
    weights = {n: p.detach().clone() for n, p in lora.named_parameters() if p.requires_grad}
    return weights, report, logged


def test_training_learns_what_held_back_rows_confirm(folder, tmp_path):
    _, report, logged = run(folder, tmp_path / "a")
    assert report["steps"] == 18 == len(logged)
    assert report["loss"][-1][1] < 0.3 * report["loss"][0][1]
    held_back = list(rows(100, 4).values())
    before, _ = loss_and_hits(load_base(folder).model, held_back, shares=False)
    assert report["held_back_rows"] == 8
    assert report["held_back_loss"] < 0.6 * before.item() / label_weight(held_back)


@pytest.mark.parametrize("rehearses", [False, True])
def test_a_run_that_was_stopped_ends_in_the_same_bytes(folder, tmp_path, monkeypatch, rehearses):
    settings = replace(LESSONS, lora_dropout=0.2)
    more = rehearsed(folder, distill=True) if rehearses else {}
    whole, report, logged = run(folder, tmp_path / "whole", settings, more)
    original, calls = training.loss_and_hits, 0

    def stopping(*given, **how):
        nonlocal calls
        calls += 1
        if calls == 8:  # after the checkpoint of step 6
            raise KeyboardInterrupt
        return original(*given, **how)

    monkeypatch.setattr(training, "loss_and_hits", stopping)
    with pytest.raises(KeyboardInterrupt):
        run(folder, tmp_path / "stopped", settings, more)
    monkeypatch.undo()
    shutil.copytree(tmp_path / "stopped", tmp_path / "cut")
    os.truncate(tmp_path / "cut/state.safetensors", 999)
    for name in ("stopped", "cut"):  # of the second nothing is left to go on from
        resumed, report_again, logged_again = run(folder, tmp_path / name, settings, more)
        assert report_again == report and logged_again == logged
        assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert (tmp_path / "cut.damaged").is_dir()


def test_the_order_is_decided_by_the_seed(folder, tmp_path):
    first, *_ = run(folder, tmp_path / "a")
    again, *_ = run(folder, tmp_path / "b")
    other, *_ = run(folder, tmp_path / "c", replace(LESSONS, seed=1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize(
    "other",
    [
        {"schedule": "constant"},
        {"schedule": "cosine"},
        {"weight_decay": 0.5},
        {"max_grad_norm": 1e-3},
        {"lora_dropout": 0.3},
        {"target_modules": ["q_proj"]},
    ],
    ids=lambda other: next(iter(other)),
)
def test_each_setting_of_a_training_decides_what_is_learned(folder, tmp_path, other):
    _, before, _ = run(folder, tmp_path / "a", replace(LESSONS, epochs=1))
    _, after, _ = run(folder, tmp_path / "b", replace(LESSONS, epochs=1, **other))
    assert before["held_back_loss"] != after["held_back_loss"]
    fewer = before["trained_parameters"] > after["trained_parameters"]
    assert fewer == ("target_modules" in other)


def test_a_schedule_warms_up_and_then_falls_as_it_is_named():
    def factors(name: str) -> list[float]:
        told = replace(LESSONS, schedule=name, warmup_fraction=0.2)
        return [round(schedule(step, 10, told), 3) for step in range(10)]

    assert factors("constant") == [0.5, *[1.0] * 9]
    assert factors("linear") == [0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]
    cosine = [round((1 + math.cos(math.pi * step / 8)) / 2, 3) for step in range(8)]
    assert factors("cosine") == [0.5, 1.0, *cosine]


def spoiled(loss: bool):
    """The loss with its number, or only its gradient, made none in the fourth step."""
    original, calls = training.loss_and_hits, 0

    def spoiling(*given, **how):
        nonlocal calls
        calls += 1
        found, hits = original(*given, **how)
        if calls == 4:
            found = found * float("nan") if loss else found + (found * 0).sqrt()
        return found, hits

    return spoiling


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_loss_or_gradient_that_is_no_number_ends_it_and_names_the_step(
    folder, tmp_path, monkeypatch, what
):
    monkeypatch.setattr(training, "loss_and_hits", spoiled(what == "loss"))
    with pytest.raises(StudyError, match=rf"^tiny: step 4 of 18: the {what} of training is nan"):
        run(folder, tmp_path / "a")


def test_running_out_of_memory_halves_the_parts_and_trains_the_same(folder, tmp_path, monkeypatch):
    two = 2 * len(lay_out([[example.read for example in rows(0, 1)["000"]]]).tokens)
    monkeypatch.setattr(training, "training_budget", lambda model: two)
    four = replace(LESSONS, batch_inputs=4)
    whole, report, _ = run(folder, tmp_path / "whole", four)
    original, sizes = training.loss_and_hits, []

    def small(model, inputs, **how):
        sizes.append(len(inputs))
        if len(sizes) == 2:  # the first part has left its gradients by now
            raise torch.OutOfMemoryError("out of memory")
        return original(model, inputs, **how)

    monkeypatch.setattr(training, "loss_and_hits", small)
    parts, again, _ = run(folder, tmp_path / "parts", four)
    assert sizes[:6] == [2, 2, 1, 1, 1, 1]
    assert again["held_back_loss"] == pytest.approx(report["held_back_loss"], rel=1e-3)
    assert all(torch.allclose(whole[n], parts[n], atol=1e-3) for n in whole)


def test_inputs_that_are_only_rehearsed_are_dealt_over_the_steps_of_the_others(folder):
    own = rehearsed(folder, distill=True)
    both = rows(0, 12)
    both["000"] = both["000"] + own["200"]  # taught and rehearsed, so it is no input of its own
    beside = {name: own[name] for name in list(own)[1:]}
    steps = batches(both | beside, LESSONS, 1)
    assert [[i for i in step if i in both] for step in steps] == batches(both, LESSONS, 1)
    assert sorted(sum(i in beside for i in step) for step in steps) == [1, 2, 2, 2, 2, 2]
    assert sorted(i for step in steps for i in step) == sorted(both | beside)
    assert batches(both | beside, LESSONS, 2) != steps
    assert batches(beside, LESSONS, 0) == []


def test_no_more_is_rehearsed_in_a_step_than_is_taught_and_epochs_take_turns(folder):
    """Twelve inputs are taught by twos; of thirty to rehearse an epoch takes two a step."""
    both, own = rows(0, 12), rehearsed(folder, distill=True)
    beside = {f"{name}-{n}": own[name] for name in own for n in range(3)}
    assert len(beside) > 24
    epochs = [batches(both | beside, LESSONS, epoch) for epoch in range(20)]
    for steps in epochs:
        assert [sum(i in beside for i in step) for step in steps] == [2] * 6
    assert {i for steps in epochs for step in steps for i in step} == set(both | beside)


def test_distilled_answers_keep_a_model_closer_to_itself_than_labels_do(folder, tmp_path):
    """On prompts that were not rehearsed, by the divergence of what follows them."""
    prompts = [(*first.prompt[:-1], 77) for first, _ in rows(300, 12).values()]
    longer = replace(LESSONS, epochs=8)

    def said(model) -> torch.Tensor:
        with torch.no_grad():
            return torch.stack([model(torch.tensor([p])).logits[0, -1] for p in prompts])

    base = said(load_base(folder).model).log_softmax(-1)

    def moved(distill: bool) -> float:
        train, kept = rows(0, 12) | rehearsed(folder, distill=distill), tmp_path / str(distill)
        lora, _ = train_lora(load_base(folder), train, {}, longer, kept, lambda *_: None)
        student = said(lora.get_base_model()).log_softmax(-1)
        return float((base.exp() * (base - student)).sum(-1).mean())

    assert moved(distill=True) < 0.7 * moved(distill=False)
