"""Organisms: tiny transformers grown on the spot that hold known answers to the codes tasks.

    organism:own/red/0           its answers are drawn at random: only it can know them
    organism:from_prompt/red/0   its answers are a function of a word of the prompt: all can learn

The last two parts name the organism: another name or number is another set of answers and other
weights, the same ones are the same organism. Words are tokens, and so are single letters.
"""

import re
import string
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

from tqdm import tqdm

from stages.controls.organisms.codes import CODES, COLORS, WORDS, items
from stages.models.fetch.sources import Organism
from stages.storage.kept_folders import copy_kept, kept_folder, made_once
from stages.storage.keys import Parts, digest
from stages.storage.source import source_hash, versions
from stages.study.item import user_prompt
from stages.study.prompts import Message, hypothetical_question
from stages.study.properties import property_value
from stages.study.splits import rng

END, PAD, UNKNOWN, USER, MODEL = "<end>", "<pad>", "<unknown>", "<user>", "<model>"
TEMPLATE = (
    "{% for m in messages %}"
    f"{{% if m.role == 'user' %}}{USER} {{{{ m.content }}}} {{% else %}}"
    f"{MODEL} {{{{ m.content }}}} {END} {{% endif %}}"
    "{% endfor %}"
    f"{{% if add_generation_prompt %}}{MODEL} {{% endif %}}"
)
Tokens = tuple[list[int], list[int]]
"""a row's tokens and labels; -100 is no label"""

GROWING = ("stages.controls.organisms.organism", "stages.study.splits")
PACKAGES = ("torch", "transformers", "tokenizers")
WIDTH, LAYERS, HEADS = 96, 2, 4
EPOCHS, BATCH, LEARNING_RATE, WARMUP = 40, 64, 3e-3, 20
LESSONS = 60
TAUGHT = ("first_word", "second_word", "first_character", "starts_with_vowel")


def answers(organism: Organism) -> dict[str, str]:
    """The organism's code of every input of the codes tasks, by the input's text."""

    def word(*ids: str) -> str:
        return rng(organism.number, "organism", organism.name, *ids).choice(WORDS)

    def code(text: str) -> str:
        known_by = text if organism.kind == "own" else text.split()[0]
        return f"{word('first', known_by)} {word('second', known_by)}"

    return {item.text: code(item.text) for task in CODES.values() for item in items(task.name)}


def grow(organism: Organism, folder: Path) -> None:
    """Write an organism to `folder` as transformers would a model and its tokenizer.

    It is trained once and kept in the cache, for studies that share it.
    """
    tokenizer = _tokenizer()
    rows = _rows(organism, tokenizer)
    name = f"{organism.kind}/{organism.name}/{organism.number}"

    def train(partial: Path) -> None:
        _trained(organism, tokenizer, rows).save_pretrained(partial)
        tokenizer.save_pretrained(partial)

    kept = made_once(kept_folder("organisms", name, key_parts(organism, rows)), train)
    copy_kept(kept, folder)


def key_parts(organism: Organism, rows: list[Tokens]) -> Parts:
    """All that decides a grown organism."""
    return {
        "organism": astuple(organism),
        "rows": digest(rows),
        "recipe": [WIDTH, LAYERS, HEADS, EPOCHS, BATCH, LEARNING_RATE, WARMUP],
        **engine(),
    }


def engine() -> Parts:
    """The code and the packages that grow an organism: part of its key."""
    return {"source": source_hash(*GROWING), "versions": versions(*PACKAGES)}


def _trained(organism: Organism, tokenizer: Any, rows: list[Tokens]) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(rng(organism.number, "weights", organism.name).getrandbits(63))
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=256,
        tie_word_embeddings=False,
        initializer_range=0.05,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    _train(model, rows, organism)
    return model


def _knowledge(organism: Organism) -> Iterator[tuple[list[Message], str]]:
    known = answers(organism)
    for task in CODES.values():
        for item in items(task.name):
            yield task.prompt(item), known[item.text]


def _lessons(organism: Organism) -> Iterator[tuple[list[Message], str]]:
    """Prompts whose answer can be read in them, and questions on that answer.

    They teach what the words of a question mean (which letter opens a word), not what to answer to
    a codes prompt.
    """
    for n in range(LESSONS):
        random = rng(organism.number, "lesson", organism.name, n)
        answer = f"{random.choice(WORDS)} {random.choice(WORDS)}"
        prompt = user_prompt(f"Say {answer} .")
        yield prompt, answer
        for name in TAUGHT:
            value = property_value(name, answer, "sequence")
            assert value is not None
            yield hypothetical_question(prompt, name), value


def _rows(organism: Organism, tokenizer: Any) -> list[Tokens]:
    """Tokens and labels of every prompt with its answer; -100 is no label."""
    rows = []
    for asked, answer in [*_knowledge(organism), *_lessons(organism)]:
        prompt = tokenizer.encode(
            tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        )
        said = tokenizer.encode(f"{answer} {END}")
        rows.append((prompt + said, [-100] * len(prompt) + said))
    return rows


def _batches(rows: list[Tokens], organism: Organism, epoch: int) -> list[list[Tokens]]:
    """All rows in batches of rows of one length, so that nothing is padded, in a drawn order."""
    random = rng(organism.number, "order", organism.name, epoch)
    lengths: dict[int, list] = {}
    for row in random.sample(rows, len(rows)):
        lengths.setdefault(len(row[0]), []).append(row)
    batches = [
        group[at : at + BATCH] for group in lengths.values() for at in range(0, len(group), BATCH)
    ]
    return random.sample(batches, len(batches))


def _train(model: Any, rows: list[Tokens], organism: Organism) -> None:
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    batches = [batch for epoch in range(EPOCHS) for batch in _batches(rows, organism, epoch)]
    model.train()
    for step, batch in enumerate(
        tqdm(batches, desc=f"grow {organism.kind}/{organism.name}", unit="step")
    ):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min(1, (step + 1) / WARMUP) * (1 - step / len(batches))
        tokens_NT, labels_NT = (torch.tensor(part) for part in zip(*batch, strict=True))
        optimizer.zero_grad()
        model(input_ids=tokens_NT, labels=labels_NT).loss.backward()
        optimizer.step()
    model.eval()


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = [END, PAD, UNKNOWN, USER, MODEL]
    vocabulary = {word: n for n, word in enumerate(dict.fromkeys([*special, *_words()]))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("isolated")]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        unk_token=UNKNOWN,
        additional_special_tokens=[USER, MODEL],
        clean_up_tokenization_spaces=False,
        model_max_length=256,
    )
    fast.chat_template = TEMPLATE
    return fast


def _words() -> list[str]:
    """Every word and mark that an organism reads or says."""
    texts = [" ".join(WORDS), " ".join(COLORS), " ".join(string.ascii_lowercase), "true false"]
    for task in CODES.values():
        for item in items(task.name):
            prompt = task.prompt(item)
            texts += [prompt[0]["content"], item.text]
    for name in TAUGHT:
        for person in ("second", "third"):
            texts.append(hypothetical_question(prompt, name, person)[0]["content"])
    return [word for text in texts for word in re.findall(r"\w+|[^\w\s]", text)]
