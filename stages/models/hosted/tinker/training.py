"""A training at a service, step by step; the same command goes on where it was stopped.

The journal has each step before it is sent, as it is paid for then, and each state that was saved.
From a state on a run does what one would have done that nobody stopped.
"""

import logging
import math
from contextlib import closing
from dataclasses import dataclass

from stages.models.hosted.errands.door import USUAL, Pace
from stages.models.hosted.errands.journal import DONE, RUNNING, Journal
from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.money import Tariff, Tokens, cost, dollars
from stages.models.hosted.teach.journal import journal_of
from stages.models.hosted.teach.outcome import Taught
from stages.models.hosted.tinker.lesson import Step, TokenLesson
from stages.models.hosted.tinker.service import PATIENCE, LostStateError, Service
from stages.storage.errors import StudyError
from stages.storage.keys import Parts

SAMPLED, TRAINED = "/sampler_weights/", "/weights/"  # in a path: what is asked, what goes on
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pupil:
    """Who is taught: the model of `host`, at its address; `base` is the service's name for it."""

    host: Host
    base: str

    @property
    def state(self) -> str | None:
        """Where the weights of a model lie that was trained before; None for a base model."""
        model = self.host.model
        return model.replace(SAMPLED, TRAINED) if SAMPLED in model else None


def trained(
    pupil: Pupil,
    lesson: TokenLesson,
    ledger: Ledger,
    *,
    pace: Pace = USUAL,
    patience: float = PATIENCE,
) -> tuple[Taught, list[float]]:
    """The model that the lesson made of the pupil, and the loss of each step; once for ever.

    Raises StudyError where a limit would be passed or the service fails.
    """
    with journal_of(training_parts(pupil, lesson)) as journal:
        if journal.step != DONE:
            _Training(pupil, lesson, ledger, journal).run(pace, patience)
        result = journal.state["result"]
        tokens = int(result["trained_tokens"])
        price = cost(Tokens(trained=tokens), Tariff(pupil.host.name), ledger.limits)
        name = pupil.host.told(result["model"])
        log.info(f"{pupil.host.name}: {name}: {tokens:,} trained tokens, cost {dollars(price)}")
        made = Taught(result["model"], journal.key, tokens, price)
        return made, list(journal.state["losses"])


def training_parts(pupil: Pupil, lesson: TokenLesson) -> Parts:
    """What decides a training: its key, in the journal and of what it made."""
    return {
        "backend": "tinker",
        "data": lesson.content,
        "settings": lesson.parts,
        "model": pupil.state or pupil.base,
        "host": pupil.host.host,
    }


class _Training:
    def __init__(self, pupil: Pupil, lesson: TokenLesson, ledger: Ledger, journal: Journal) -> None:
        self.pupil, self.host, self.lesson = pupil, pupil.host, lesson
        self.ledger, self.journal = ledger, journal
        self.sent = int(journal.state.get("sent", 0))
        self.losses: list[float] = []

    def run(self, pace: Pace, patience: float) -> None:
        if not self.journal.state.get("result"):
            steps = self.lesson.steps()
            self._reserve(steps, pace)
            try:
                with closing(Service(self.host, self.journal.key, patience)) as service:
                    for number in range(self._begin(service), len(steps)):
                        self._step(service, steps[number], number, len(steps))
                    model = self._kept(service, len(steps))
            except BaseException:
                if not self.sent:  # there is nothing to pay for
                    self.ledger.release(self.journal.bill)
                raise
            result = {"model": model, "trained_tokens": self.sent}
            self.journal.note(RUNNING, result=result, losses=self.losses)
        paid = Tokens(trained=int(self.journal.state["result"]["trained_tokens"]))
        self.ledger.settle(self.journal.bill, paid, estimated=True)
        self.journal.note(DONE)

    def _reserve(self, steps: list[Step], pace: Pace) -> None:
        """Note what was sent and what is left, once; they are counted by the same tokenizer."""
        done = self._saved_step()
        left = sum(step.tokens for step in steps[done:])
        tariff, attempt = Tariff(self.host.name), 0
        price = cost(Tokens(trained=left), tariff, self.ledger.limits)
        log.info(
            f"{self.host.name}: a training on {self.lesson.rows} rows, {len(steps) - done} of "
            f"{len(steps)} steps, {left:,} tokens, cost {dollars(price)}"
        )
        most = Tokens(trained=self.sent + left)
        while self.ledger.reserve(most, tariff, self.journal.bill) is None:
            pace.wait(attempt)
            attempt += 1

    def _saved_step(self) -> int:
        return int((self.journal.state.get("saved") or {"step": 0})["step"])

    def _begin(self, service: Service) -> int:
        """Open the last state, or a new LoRA; returns how many steps are done."""
        saved = self.journal.state.get("saved")
        if saved:
            try:
                service.resume(saved["path"], optimizer=True)
            except LostStateError as error:
                log.warning(
                    f"{self.host.name}: the state after step {saved['step']} is gone at "
                    f"{self.host.host} ({error}); the training begins anew"
                )
                self.journal.note(RUNNING, saved=None, losses=[])
            else:
                self.losses = list(self.journal.state["losses"])[: saved["step"]]
                return int(saved["step"])
        if self.pupil.state is None:
            settings = self.lesson.settings
            service.begin(self.pupil.base, settings.lora_rank, settings.seed)
            return 0
        try:
            service.resume(self.pupil.state, optimizer=False)
        except LostStateError as error:
            raise StudyError(
                f"models.{self.host.name}: {self.pupil.state} is gone at {self.host.host} "
                f"({error}), so {self.host.model} cannot be taught on"
            ) from error
        return 0

    def _step(self, service: Service, step: Step, number: int, total: int) -> None:
        settings, what = self.lesson.settings, f"step {number + 1} of {total}"
        self.sent += step.tokens
        self.journal.note(RUNNING, sent=self.sent)
        loss = service.step(
            step, what, weight_decay=settings.weight_decay, max_grad_norm=settings.max_grad_norm
        )
        if not math.isfinite(loss):
            self.journal.note(RUNNING, saved=None, losses=[])
            raise StudyError(
                f"{self.host.name}: {what}: the loss of training is {loss}: lower "
                "finetune.learning_rate"
            )
        self.losses.append(round(loss, 6))
        log.info(f"{self.host.name}: {what}: loss {loss:.4f}")
        if (number + 1) % settings.checkpoint_every == 0 and number + 1 < total:
            path = service.saved_state(self._name(number + 1))
            saved = {"step": number + 1, "path": path}
            self.journal.note(RUNNING, saved=saved, losses=self.losses)

    def _kept(self, service: Service, total: int) -> str:
        """The model's name: the same for those who ask it and, as a state, who teach it on."""
        name = self._name(total)
        service.saved_state(name, kept=None)
        return service.saved_model(name)

    def _name(self, step: int) -> str:
        return f"selfpredict-{self.journal.key[:16]}-{step:06d}"
