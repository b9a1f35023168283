"""Models behind the stand-in that really are: they answer as a local run of them does, and learn.

    models = TinyModels(Path("data/models"), params.finetune, Known(questions))
    chat = Chat(models=("one", "two"), speaker=models.speak, generous=True)
    jobs = Jobs(train=lambda *told: chat.add(models.train(*told)))

Rendering, kernels, decoding, draws and training are the study's own, of models that it fetched. So
what differs between a hosted run and a local one comes of the way between. It is more than a server
does in three ways: it looks up seeds and ids (`known`), it is told all settings of a training,
and among the alternatives to a first token are all that may open an answer of a closed set, where
20 alternatives of a model that says random words mostly lack some.
"""

import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from transformers.convert_slow_tokenizer import bytes_to_unicode

from stages.models.local.ask.draws import next_tokens
from stages.models.local.ask.runs import TreeRun
from stages.models.local.backend import LocalSubject, LoraTeacher
from stages.models.local.subject.attention import prefix_attention
from stages.models.local.subject.loading import Subject, load_base, with_adapter
from stages.models.section import FinetuneParams
from tests.hosted.standin.known import Known, opens_closed
from tests.hosted.standin.speaking import END, Asked, Token

FIRST_TOP, TOP = 20, 2  # alternatives to a first token, beside those of closed sets, and to others
BYTES = {character: byte for byte, character in bytes_to_unicode().items()}


class TinyModels:
    """Models below a folder, by name, and what training made of them.

    Requests that wait while others are answered are answered together.
    """

    def __init__(self, folder: Path, rule: FinetuneParams, known: Known) -> None:
        self.folder, self.rule, self.known = folder, rule, known
        self.taught: dict[str, tuple[str, Path]] = {}  # what a model was made of, and its adapter
        self.loaded: dict[str, Subject] = {}
        self.waiting: queue.SimpleQueue[tuple[Asked, Future[list[Token]]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def speak(self, asked: Asked) -> list[Token]:
        """The tokens of an answer, as many as are asked for or up to its end."""
        answer: Future[list[Token]] = Future()
        self.waiting.put((asked, answer))
        return answer.result()

    def train(self, model: str, lines: list[Any], told: Mapping[str, Any], seed: int | None) -> str:
        """The name of what the lines of a training file make of a model."""
        rule = self.rule.model_copy(update={"epochs": told["n_epochs"]})
        rows = map(self.known.row, lines)
        teacher = LoraTeacher(self.folder / model)
        of = LocalSubject(self._load(model)) if model in self.taught else None
        adapter = teacher.teach(rows, rule, seed or 0, of=of)
        name = f"ft:{model}:tiny::{len(self.taught)}"
        self.taught[name] = model, adapter
        return name

    def _load(self, model: str) -> Subject:
        """A model that nobody has used up."""
        if model not in self.taught:
            return load_base(self.folder / model)
        parent, adapter = self.taught[model]
        return with_adapter(self._load(parent), adapter, model)

    def _work(self) -> None:
        while True:
            batch = [self.waiting.get()]
            while not self.waiting.empty():
                batch.append(self.waiting.get())
            for how in {(asked.model, asked.temperature) for asked, _ in batch}:
                own = [one for one in batch if (one[0].model, one[0].temperature) == how]
                self._answer(*how, own)

    def _answer(
        self, model: str, temperature: float, batch: list[tuple[Asked, Future[list[Token]]]]
    ) -> None:
        try:
            if model not in self.loaded:
                self.loaded[model] = self._load(model)
            said = self._said(self.loaded[model], temperature, [asked for asked, _ in batch])
            for (_, answer), tokens in zip(batch, said, strict=True):
                answer.set_result(tokens)
        except Exception as error:  # which whoever waits raises
            for _, answer in batch:
                answer.set_exception(error)

    @torch.inference_mode()
    def _said(self, subject: Subject, temperature: float, batch: list[Asked]) -> list[list[Token]]:
        seeds = [self.known.seed(asked.messages, asked.seed) for asked in batch]
        prompts = [[subject.chat.prompt(asked.messages)] for asked in batch]
        said: list[list[Token]] = [[] for _ in batch]
        spelled, opening = _spelled(subject.tokenizer, subject.chat.ends)

        def advance(logits_BV: torch.Tensor, numbers: list[int]) -> dict[int, int]:
            step = len(said[numbers[0]])
            tops = _tops(logits_BV.log_softmax(-1), spelled, () if step else opening)
            chosen = next_tokens(logits_BV, [seeds[n] for n in numbers], step, temperature)
            going = {}
            for n, (token, logprob, _), top in zip(numbers, chosen, tops, strict=True):
                said[n].append(Token(spelled[token], logprob, top))
                if token not in subject.chat.ends and len(said[n]) < batch[n].most:
                    going[n] = token
            return going

        with prefix_attention(subject.model, subject.shares):
            TreeRun(subject.model, prompts, max(asked.most for asked in batch)).run(advance)
        return said


def _tops(
    logprob_BV: torch.Tensor, spelled: list[str], opening: tuple[int, ...]
) -> list[list[tuple[str, float]]]:
    """The most probable tokens of each row; of first ones also those that open an answer."""
    most_BN = logprob_BV.topk(FIRST_TOP if opening else TOP).indices
    other_BN = torch.tensor(opening, dtype=torch.long).expand(len(most_BN), -1)
    token_BN = torch.cat([most_BN, other_BN], 1)
    logprobs = logprob_BV.gather(1, token_BN).tolist()
    return [
        [(spelled[i], logprob) for i, logprob in dict(zip(*row, strict=True)).items()]
        for row in zip(token_BN.tolist(), logprobs, strict=True)
    ]


@lru_cache
def _spelled(tokenizer: Any, ends: frozenset[int]) -> tuple[list[str], tuple[int, ...]]:
    """What each token says, and the tokens that may open an answer of a closed set.

    Half a character is a surrogate, and what ends an answer is END.
    """
    silent = set(tokenizer.all_special_ids) | ends
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    spelled = [
        END
        if i in silent
        else bytes(map(BYTES.__getitem__, token)).decode("utf-8", "surrogateescape")
        for i, token in enumerate(tokens)
    ]
    return spelled, tuple(i for i, token in enumerate(spelled) if opens_closed(token))
