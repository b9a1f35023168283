"""Calls of the tinker SDK, waited for so long and no longer, and what it means that one fails."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

import numpy as np

from stages.models.hosted.identity import DUMMY, Host
from stages.models.hosted.tinker.lesson import ADAM, Step
from stages.models.local.teach.loss import Example
from stages.storage.errors import StudyError

PATIENCE = 3600.0  # seconds for one call: a service may queue them
TOLD = 60.0  # seconds between the lines that say that a call is waited for
STATE_KEPT = 14 * 24 * 3600  # seconds that the service keeps a state to go on from
MARK = "selfpredict"  # the key of a training, in what the service keeps of it
LONGEST_MODEL = 300  # characters of a model's name
T = TypeVar("T")
log = logging.getLogger(__name__)


class LostStateError(Exception):
    """The service does not give a state that it kept."""


class Service:
    """One training at the service of `host.base_url`; every failure is a StudyError."""

    def __init__(self, host: Host, key: str, patience: float = PATIENCE) -> None:
        self.host, self.patience = host, patience
        self.sdk = _sdk(host)
        secret = host.key()
        told = {
            "base_url": host.base_url,
            "api_key": "tml-no-key" if secret == DUMMY else secret,
            "user_metadata": {MARK: key},
        }
        self.client: Any = None
        self.service = self._within("a session", lambda: self.sdk.ServiceClient(**told))

    def close(self) -> None:
        """End what the SDK does in the background; the service ends a silent session itself."""
        if self.client is not None:
            self.client.holder.close()

    def begin(self, base_model: str, rank: int, seed: int) -> None:
        """A new LoRA of a base model, on all of its linear layers but the last."""
        self.client = self._within(
            f"a training of {base_model}",
            lambda: _ready(
                self.service.create_lora_training_client(
                    base_model=base_model, rank=rank, seed=seed, train_unembed=False
                )
            ),
        )

    def resume(self, path: str, *, optimizer: bool) -> None:
        """What a state holds; raises LostStateError where the service does not give it."""
        open_state = (
            self.service.create_training_client_from_state_with_optimizer
            if optimizer
            else self.service.create_training_client_from_state
        )
        self.client = self._within(f"the state {path}", lambda: _ready(open_state(path)), lost=True)

    def step(self, step: Step, what: str, *, weight_decay: float, max_grad_norm: float) -> float:
        """Gradients and one step of Adam; the mean loss in nats a label token before it."""
        types = self.sdk.types
        weights = [_weights(example) for example in step.examples]
        data = [
            types.Datum(
                model_input=types.ModelInput.from_ints(list(example.read)),
                loss_fn_inputs={
                    "target_tokens": np.array((*example.prompt, *example.label)[1:]),
                    "weights": weights_N,
                },
            )
            for example, weights_N in zip(step.examples, weights, strict=True)
        ]
        adam = types.AdamParams(
            learning_rate=step.rate,
            weight_decay=weight_decay,
            grad_clip_norm=max_grad_norm,
            **ADAM,
        )

        def call() -> Any:  # both are sent before either is waited for: one turn of the service
            computed = self.client.forward_backward(data, "cross_entropy")
            stepped = self.client.optim_step(adam)
            return computed.result(), stepped.result()

        outputs = self._within(what, call)[0].loss_fn_outputs
        return -sum(
            float(output["logprobs"].to_numpy() @ weights_N)
            for output, weights_N in zip(outputs, weights, strict=True)
        )

    def saved_state(self, name: str, *, kept: int | None = STATE_KEPT) -> str:
        """Where the state lies from which a training goes on, `kept` so many seconds."""
        saved = self._within(
            "a state", lambda: self.client.save_state(name, ttl_seconds=kept).result()
        )
        return str(saved.path)

    def saved_model(self, name: str) -> str:
        """The name by which the trained model is asked."""
        saved = self._within(
            "the trained model", lambda: self.client.save_weights_for_sampler(name).result()
        )
        model = str(saved.path)
        if not model.startswith("tinker://") or len(model) > LONGEST_MODEL:
            raise StudyError(
                f"{self._where('the trained model')}: {self.host.told(model)} is no tinker:// path"
            )
        return model

    def _within(self, what: str, call: Callable[[], T], *, lost: bool = False) -> T:
        """What a call gives, made in a thread: the SDK would wait for a lost server for ever."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)

        Thread(target=work, daemon=True).start()
        waited = 0.0
        while True:
            slice_s = min(TOLD, self.patience - waited)
            try:
                return future.result(max(slice_s, 0.0))
            except TimeoutError:
                waited += slice_s
                if future.done() or waited >= self.patience:
                    raise StudyError(
                        f"{self._where(what)}: no answer within {waited:,.0f} s; the same command "
                        "goes on from the last saved state"
                    ) from None
                log.info(f"{self._where(what)}: waited for since {waited:,.0f} s")
            except StudyError:
                raise
            except Exception as error:  # the SDK raises its own, pydantic's, and ValueError
                if lost and _is_gone(error):
                    raise LostStateError(self.host.told(str(error))) from error
                raise self._told(what, error) from error

    def _where(self, what: str) -> str:
        return f"models.{self.host.name}: {self.host.base_url}: {what}"

    def _told(self, what: str, error: Exception) -> StudyError:
        status = getattr(error, "status_code", None)
        said = self.host.told(f"{type(error).__name__}: {error}")
        where = self._where(what)
        if status in (401, 403) or "'tml-' prefix" in said:
            named = self.host.api_key_env or f"models.{self.host.name}.api_key_env, which is none"
            return StudyError(f"{where}: the key is refused ({said}); look at {named}")
        if status == 402:
            return StudyError(f"{where}: the account is used up ({said})")
        if status in (404, 405):
            return StudyError(
                f"{where}: not there ({said}); look at finetune.models.{self.host.name}.service_url"
            )
        return StudyError(f"{where}: {said}; the same command goes on from the last saved state")


def _sdk(host: Host) -> Any:
    try:
        import tinker
    except ImportError as error:
        raise StudyError(
            f"finetune.models.{host.name}: teach: tinker takes the SDK ({error}); install it by "
            "`pip install 'selfpredict[tinker]'`"
        ) from error
    return tinker


def _ready(made: Any) -> Any:
    """What was made: newer SDKs give a promise of it."""
    return made.result() if hasattr(made, "result") else made


def _weights(example: Example) -> np.ndarray:
    """What each predicted token counts (N): nothing before the label."""
    before = len(example.prompt) - 1
    return np.array([0.0] * before + [example.weight] * len(example.label), np.float32)


def _is_gone(error: Exception) -> bool:
    """Whether a state was refused for what it is, and not for who asks or when."""
    status = getattr(error, "status_code", None)
    return status in (400, 404, 410, 422) or type(error).__name__ == "RequestFailedError"
