"""The sections of params.yaml that say how models are asked and taught."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator

from stages.study.arms import arm_seed
from stages.study.prompts import Person
from stages.study.section import Count, Rounds, Share, Strict

TOKENIZER = r"path:\S.*|hub:[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*@[0-9a-f]{40}"
MOST_RANK = 4096  # as wide as the layers of models of 8B: more is no low rank, and fills memory


Mode = Literal["live", "batch"]
"""whether hosted models are asked one request at a time, or in batches that take up to a day"""


class SamplingParams(Strict):
    """How behavior is sampled; temperature 0 is greedy.

    mode: how hosted models are asked, for predictions too. It decides no answer.
    """

    temperature: Annotated[float, Field(ge=0, le=10)]
    n_samples: Rounds
    max_tokens: Count
    stop_when_decided: bool
    mode: Mode = "live"


class PredictParams(Strict):
    """How predictions are made: always greedy, one a question.

    closed_answers: where the answers are a closed set, generate one freely, or score them all
    and take the most probable. stop_when_decided: read no further than an answer's first line.
    """

    max_tokens: Count
    stop_when_decided: bool
    closed_answers: Literal["generate", "score"]


class CrossQuestionParams(Strict):
    """Whom a cross-predictor is asked about: you (as published), or another model.

    Whoever predicts itself is asked about you, and so are all by questions that a task brings.
    """

    train: Person
    test: Person


def _layers(value: Any) -> Any:
    named = isinstance(value, list) and value and all(isinstance(x, str) and x for x in value)
    if value != "all-linear" and not (named and len(set(value)) == len(value)):
        raise ValueError("use all-linear, or a list of ends of layers' names: [q_proj, v_proj]")
    return value


TargetModules = Annotated[Literal["all-linear"] | list[str], BeforeValidator(_layers)]
Schedule = Literal["linear", "constant", "cosine"]
"""how the learning rate falls after its warm-up: to zero on a line, not at all, or by a cosine"""


class JobsParams(Strict):
    """hyperparameters are sent as they stand, such as {batch_size: 8}; epochs are finetune's.

    What is not named is the server's to choose. older_shape: they are sent as a key of their own
    and not within `method`, which servers that followed OpenAI early want.
    """

    teach: Literal["openai_jobs"]
    hyperparameters: dict[str, bool | int | float | str]
    older_shape: bool = False

    @field_validator("hyperparameters")
    @classmethod
    def _others(cls, told: Mapping[str, Any]) -> Mapping[str, Any]:
        if "n_epochs" in told:
            raise ValueError("'n_epochs' is finetune.epochs, the same for all; leave it out")
        return told


class ExamplesParams(Strict):
    """No training: what the model did stands before a question (experiment `examples`)."""

    teach: Literal["examples"]


class TinkerParams(Strict):
    """A service of Tinker's shape trains LoRA, step by step, with the settings of all models.

    service_url is its address, beside base_url, where its models are asked. tokenizer: the one
    that the model has there, path:FOLDER or hub:ORG/NAME@REVISION. base_model: what the service
    calls the model that is trained; else the name in models.X.source.
    """

    teach: Literal["tinker"]
    service_url: str
    tokenizer: str
    base_model: Annotated[str, Field(min_length=1, max_length=300)] | None = None

    @field_validator("tokenizer")
    @classmethod
    def _source(cls, place: str) -> str:
        if not re.fullmatch(TOKENIZER, place):
            raise ValueError(
                f"{place[:80]!r} names no tokenizer; use path:FOLDER or hub:ORG/NAME@REVISION, "
                "whose revision is a commit of 40 hex digits"
            )
        return place


Rate = Annotated[float, Field(gt=0, le=1)]
RehearseWeight = Annotated[float, Field(gt=0, le=1000)]


class LoraParams(Strict):
    """A local model that is taught at a pace of its own; what is not named is finetune's."""

    teach: Literal["lora"]
    epochs: Rounds | None = None
    learning_rate: Rate | None = None
    rehearse_weight: RehearseWeight | None = None


# A name in brackets is left out where a line says what is wrong with a value.
WAYS = {
    "lora": "(LoraParams)",
    "openai_jobs": "(JobsParams)",
    "tinker": "(TinkerParams)",
    "examples": "(ExamplesParams)",
}


def _way(told: Any) -> str | None:
    way = told.get("teach") if isinstance(told, dict) else getattr(told, "teach", None)
    return WAYS.get(way) if isinstance(way, str) else None


Teaching = Annotated[
    Annotated[LoraParams, Tag(WAYS["lora"])]
    | Annotated[JobsParams, Tag(WAYS["openai_jobs"])]
    | Annotated[TinkerParams, Tag(WAYS["tinker"])]
    | Annotated[ExamplesParams, Tag(WAYS["examples"])],
    Discriminator(
        _way,
        custom_error_type="teach",
        custom_error_message=f"teach: one of these is needed: {', '.join(WAYS)}",
    ),
]
"""an entry of finetune.models"""


class FinetuneParams(Strict):
    """LoRA finetuning; a batch is counted in inputs, each with all its questions.

    models: how a model is taught, by name, where it is otherwise; of all else jobs take epochs
    alone. A local model may be named for a pace of its own (`of`) or to be shown examples, a hosted
    one has to be named.

    target_modules: the layers that are taught. max_grad_norm: of a step, else it is scaled down.
    rehearse: the predictor's own answers are mixed in, so that it goes on doing what it does: as
    labels (answers), or as its own next-token distributions on them (distill; where there are none,
    on servers, as labels). rehearse_weight: what a token of them counts against one of a question's
    label. scramble_labels, a control: labels go to other inputs of their cell.
    lessons: groups of questions in which an answer stands, for each train input.
    seed_by: what decides a training's chance beside its seed. By study all arms of a seed draw the
    same, so that equal lessons to equal models give equal bytes; by arm each has draws of its own.
    """

    epochs: Rounds
    learning_rate: Rate
    lora_rank: Annotated[int, Field(ge=1, le=MOST_RANK)]
    lora_alpha: Count
    lora_dropout: Annotated[float, Field(ge=0, lt=1)]
    target_modules: TargetModules
    batch_inputs: Count
    warmup_fraction: Share
    schedule: Schedule
    weight_decay: Share
    max_grad_norm: Annotated[float, Field(gt=0, le=1e6)]
    held_back: Annotated[float, Field(gt=0, le=0.5)]
    rehearse: Literal["none", "answers", "distill"]
    rehearse_weight: RehearseWeight
    lessons: Annotated[float, Field(ge=0, le=100)]
    scramble_labels: bool
    checkpoint_every: Count
    seed_by: Literal["study", "arm"]
    models: dict[str, Teaching] = Field(default_factory=dict)

    def of(self, model: str) -> "FinetuneParams":
        """How this model is taught: with its own pace, where it is told one."""
        how = self.models.get(model)
        if not isinstance(how, LoraParams):
            return self
        return self.model_copy(update=how.model_dump(exclude={"teach"}, exclude_none=True))

    def seed_of(self, seed: int, adapter: str) -> int:
        """What a training of an adapter draws by."""
        return seed if self.seed_by == "study" else arm_seed(seed, adapter)
