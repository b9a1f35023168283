"""The core against what a user would pick instead: same model, rows and outputs.

    python -m tests.benchmarks            # all figures; about half an hour
    python -m tests.benchmarks sampling   # one group of figures

Both ways take turns in one run; a figure is the median over three rounds of how many times faster
the project's way is. What was checked stands behind it. Each group that ends takes its section's
place in RESULTS.md.
"""

import logging
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch

from stages.models.local.subject.loading import Subject, default_device
from stages.study.properties import PROPERTIES, property_value
from tests.benchmarks import analysis, draws, hosted, ours, page, peers, workload

ROUNDS = 3
BATCH_INPUTS = 4  # to a training step, as in the default study
RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = f"""# Results of `make bench`

A ratio says how many times faster the project's way is, the median of {ROUNDS} rounds in which both
ways took turns; of memory, noise and matrix throughput it is a share. The group evaluate has no
peer: its figures are seconds of one core, and GB. Those of hosted are times the ideal, as many
seconds as the server lets pass, and seconds of one core; bare is a loop over aiohttp that keeps
nothing. Those of page are milliseconds in headless Chromium.
"""
Timed = dict[str, list[float]]
Lines = list[tuple[str, float, str]]


def turns(jobs: dict[str, Callable[[], object]], prepare: Callable | None = None) -> Timed:
    """Seconds of each job in each round, the jobs in turn; `prepare`, not timed, feeds each.

    On a GPU all compute in bfloat16, as the project does there.
    """
    seconds: Timed = {name: [] for name in jobs}
    for number in range(ROUNDS):
        for name, job in jobs.items():
            given = [prepare(name)] if prepare else []
            start = time.perf_counter()
            with torch.autocast("cuda", torch.bfloat16, torch.cuda.is_available()):
                job(*given)
            seconds[name].append(time.perf_counter() - start)
            print(f"  round {number + 1}, {name}: {seconds[name][-1]:.1f} s", file=sys.stderr)
    return seconds


def ratio(seconds: Timed, peer: str, way: str) -> float:
    """Median over the rounds of the peer's time / the way's."""
    return statistics.median(p / w for p, w in zip(seconds[peer], seconds[way], strict=True))


def keeping(results: dict, name: str, job: Callable[[], object]) -> Callable[[], None]:
    """The job, its result kept under its name."""

    def kept() -> None:
        results[name] = job()

    return kept


def differing(theirs: dict, mine: dict) -> str:
    """How many answers are not the same, string for string."""
    count = sum(theirs[key] != answer.text for key, answer in mine.items())
    return f"{count} of {len(mine)} answers differ"


def changed_values(whole: dict, early: dict) -> str:
    """How many property values of the whole answers are others in those that were cut."""
    changed = [
        property_value(name, whole[key], "sequence") != property_value(name, cut.text, "sequence")
        for key, cut in early.items()
        for name in workload.PROPERTY_NAMES
    ]
    return f"{sum(changed)} of {len(changed)} property values differ"


def scored_alike(free: dict, scored: dict) -> str:
    """How many answers of `free` that comply are the scored ones."""
    alike = []
    for key, answer in scored.items():
        prop = PROPERTIES[key[1]]
        value, compliant = prop.parse_answer(free[key])
        if compliant:
            alike.append(value == prop.parse_answer(answer.text)[0])
    return f"{sum(alike)} of {len(alike)} complying answers are the same"


def sampling(subject: Subject) -> Lines:
    """Greedy behavior of 96 prompts, up to 24 tokens: whole, and cut where it is decided."""
    rows, found = workload.object_rows(subject, 96), {}
    jobs = {
        "pipeline": lambda: peers.pipeline_one_by_one(subject, rows, 24),
        "generate": lambda: peers.generate_in_batches(subject, rows, 24),
        "whole": lambda: ours.sample(subject, rows, 24),
        "early": lambda: ours.sample(subject, rows, 24, early=True),
    }
    seconds = turns({name: keeping(found, name, job) for name, job in jobs.items()})
    early = changed_values(found["pipeline"], found["early"])
    flop = ours.sampling_flop(subject, rows, found["whole"])
    busy = flop / statistics.median(seconds["whole"]) / matrix_throughput(subject.device)
    checked = differing(found["pipeline"], found["whole"])
    return [
        ("sampling_whole_vs_pipeline", ratio(seconds, "pipeline", "whole"), checked),
        (
            "sampling_whole_vs_generate",
            ratio(seconds, "generate", "whole"),
            differing(found["generate"], found["whole"]),
        ),
        ("sampling_early_vs_pipeline", ratio(seconds, "pipeline", "early"), early),
        ("sampling_early_vs_generate", ratio(seconds, "generate", "early"), early),
        ("sampling_share_of_matrix_throughput", busy, f"{flop / 1e9:.0f} GFLOP of useful work"),
    ]


def samples(subject: Subject) -> Lines:
    """Five samples at temperature 1 of each of 48 prompts, up to 24 tokens."""
    rows, found = workload.object_rows(subject, 48), {}
    jobs = {
        "generate": lambda: peers.generate_in_batches(subject, rows, 24, 5),
        "whole": lambda: ours.sample(subject, rows, 24, samples=5),
        "early": lambda: ours.sample(subject, rows, 24, samples=5, early=True),
    }
    seconds = turns({name: keeping(found, name, job) for name, job in jobs.items()})
    whole = {key: answer.text for key, answer in found["whole"].items()}
    return [
        ("five_samples_vs_generate", ratio(seconds, "generate", "whole"), "drawn otherwise"),
        (
            "five_samples_early_vs_generate",
            ratio(seconds, "generate", "early"),
            changed_values(whole, found["early"]),
        ),
    ]


def noise(subject: Subject) -> Lines:
    """What drawing adds to a decoding step of a model with 262 thousand tokens."""
    checked = "processor time beyond a greedy choice's; tests/models/test_draws.py"
    return [
        (f"noise_share_of_a_step_of_{rows}", draws.noise_share(subject, rows), checked)
        for rows in (1, 16, 64)
    ]


def prediction(subject: Subject) -> Lines:
    """Seven property questions on each of 32 inputs, up to 8 tokens.

    `scored` has closed answers from logits and ends open ones with their first line.
    """
    rows, found = workload.question_rows(subject, 32), {}
    jobs = {
        "generate": lambda: peers.generate_in_batches(subject, rows, 8),
        "lm_eval": lambda: peers.lm_eval_generate(subject, rows, 8),
        "whole": lambda: ours.predict(subject, rows, 8),
        "scored": lambda: ours.predict(subject, rows, 8, scored=True),
    }
    seconds = turns({name: keeping(found, name, job) for name, job in jobs.items()})
    scored = scored_alike(found["generate"], found["scored"])
    return [
        (
            "prediction_vs_generate",
            ratio(seconds, "generate", "whole"),
            differing(found["generate"], found["whole"]),
        ),
        (
            "prediction_vs_lm_eval",
            ratio(seconds, "lm_eval", "whole"),
            differing(found["lm_eval"], found["whole"]),
        ),
        ("prediction_scored_vs_generate", ratio(seconds, "generate", "scored"), scored),
        ("prediction_scored_vs_lm_eval", ratio(seconds, "lm_eval", "scored"), scored),
    ]


def examples(subject: Subject, inputs: int = 8, count: int = 32) -> Lines:
    """A question on each input after worked examples, the same ones for all, up to 8 tokens.

    `shared` computes the examples once for all inputs, as the experiment examples has them asked;
    `alone` once for each input, `bare` asks without them.
    """
    rows, found = workload.example_rows(subject, inputs, count), {}
    bare = workload.example_rows(subject, inputs, 0)
    jobs = {
        "alone": lambda: ours.predict(subject, rows, 8, alone=True),
        "shared": lambda: ours.predict(subject, rows, 8),
        "bare": lambda: ours.predict(subject, bare, 8),
    }
    seconds = turns({name: keeping(found, name, job) for name, job in jobs.items()})
    alone = {key: answer.text for key, answer in found["alone"].items()}
    what = f"examples_{count}_for_{inputs}_inputs"
    return [
        (f"{what}_vs_alone", ratio(seconds, "alone", "shared"), differing(alone, found["shared"])),
        (
            f"{what}_times_the_seconds_without",
            ratio(seconds, "shared", "bare"),
            f"{len(rows[0].tokens)} tokens a question, not {len(bare[0].tokens)}",
        ),
    ]


def training(subject: Subject, model: str = "smollm2") -> Lines:
    """One epoch of LoRA: 8 inputs with 7 questions each, 28 rows a step."""
    inputs = workload.train_rows(subject, 8)

    def prepare(name: str) -> object:
        fresh = workload.load(model)
        if name == "ours":
            return fresh
        return peers.TrlTraining(fresh, inputs, BATCH_INPUTS, packing=name == "packing")

    jobs = {
        "ours": lambda fresh: ours.train(fresh, inputs, BATCH_INPUTS),
        "trl": lambda trl: trl.epoch(),
        "packing": lambda trl: trl.epoch(),
    }
    seconds = turns(jobs, prepare)
    flop = ours.training_flop(subject, inputs, BATCH_INPUTS)
    busy = flop / statistics.median(seconds["ours"]) / matrix_throughput(subject.device)
    checked = "56 rows; gradients are compared in tests/models/test_loss.py"
    return [
        (f"training_{model}_vs_trl", ratio(seconds, "trl", "ours"), checked),
        (f"training_{model}_vs_trl_packing", ratio(seconds, "packing", "ours"), checked),
        (f"training_{model}_share_of_matrix_throughput", busy, f"{flop / 1e9:.0f} GFLOP"),
    ]


def memory() -> Lines:
    """Peak memory of the same training on Gemma 3, each in a process of its own."""
    peaks = {}
    for way in ("trl", "ours"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.peak_memory", way],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks[way] = float(done.stdout.split()[-1])
    checked = f"{peaks['ours']:.2f} of {peaks['trl']:.2f} GB"
    return [("training_gemma3_peak_memory_vs_trl", peaks["ours"] / peaks["trl"], checked)]


def matrix_throughput(device: torch.device) -> float:
    """FLOP/s of large products here, the best of five; float32 on a CPU, bfloat16 on a GPU."""
    kind = torch.bfloat16 if device.type == "cuda" else torch.float32
    a, b = (torch.randn(2048, 2048, device=device, dtype=kind) for _ in range(2))
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        float((a @ b)[0, 0])
        best = max(best, 2 * 2048**3 / (time.perf_counter() - start))
    return best


def machine(device: torch.device) -> str:
    """One line on where the figures were measured."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if device.type == "cpu" else []:
        name = line.split(":", 1)[1].strip() if line.startswith("model name") else name
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rate = matrix_throughput(device) / 1e9
    return (
        f"{name}, {torch.get_num_threads()} threads, {memory:.0f} GiB; {rate:.0f} GFLOP/s in "
        f"matrix products; Python {platform.python_version()}, torch {torch.__version__}"
    )


def main(wanted: list[str]) -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    device = default_device()
    groups: dict[str, Callable[[], Lines]] = {
        "sampling": lambda: sampling(workload.load("smollm2")),
        "samples": lambda: samples(workload.load("smollm2")),
        "noise": lambda: noise(workload.load("gemma3")),
        "prediction": lambda: prediction(workload.load("smollm2")),
        "examples": lambda: examples(workload.load("smollm2")),
        "training": lambda: training(workload.load("smollm2")),
        "training_gemma3": lambda: training(workload.load("gemma3"), "gemma3"),
        "memory": memory,
        "evaluate": analysis.evaluate,
        "hosted": hosted.asking,
        "page": page.rows,
    }
    if unknown := sorted(set(wanted) - set(groups)):
        sys.exit(f"{unknown[0]!r} is no group; allowed: {', '.join(groups)}")
    torch.manual_seed(0)
    for name in wanted or groups:
        about = machine(device)
        print(f"{name}: {about}", flush=True)
        lines = groups[name]()
        for figure, value, checked in lines:
            print(f"{figure} {value:.2f}  # {checked}", flush=True)
        write_results(RESULTS, list(groups), name, about, lines)


def write_results(path: Path, order: list[str], name: str, about: str, lines: Lines) -> None:
    """Put the section of a group in its place among those in `path`."""
    found = path.read_text(encoding="utf-8").split("\n## ")[1:] if path.is_file() else []
    sections = {section.split("\n", 1)[0]: section for section in found}
    rows = [f"| {figure} | {value:.2f} | {checked} |" for figure, value, checked in lines]
    table = ["| figure | value | checked |", "|---|---|---|", *rows]
    sections[name] = "\n".join([name, "", about, "", *table, ""])
    kept = [sections[group] for group in order if group in sections]
    path.write_text("\n## ".join([HEAD, *kept]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
