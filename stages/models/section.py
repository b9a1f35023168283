"""The sections of params.yaml that say how models are asked and taught."""

from typing import Annotated, Literal

from pydantic import Field

from stages.study.prompts import Person
from stages.study.section import Count, Share, Strict


class SamplingParams(Strict):
    """How behavior is sampled; temperature 0 is greedy."""

    temperature: Annotated[float, Field(ge=0, le=10)]
    n_samples: Count
    max_tokens: Count
    stop_when_decided: bool


class PredictParams(Strict):
    """How predictions are made: always greedy, one a question.

    closed_answers: where the answers are a closed set, generate one freely, or score them all
    and take the most probable. stop_when_decided: read no further than an answer's first line.
    """

    max_tokens: Count
    stop_when_decided: bool
    closed_answers: Literal["generate", "score"]


class CrossQuestionParams(Strict):
    """Whom a cross-predictor is asked about: you (as published), or another model."""

    train: Person
    test: Person


class FinetuneParams(Strict):
    """LoRA finetuning; a batch is counted in inputs, each with all its questions.

    rehearse: the predictor's own answers to the train tasks are mixed in, so that it goes on
    doing what it does. scramble_labels, a control: labels go to other inputs of their cell.
    """

    epochs: Count
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    lora_rank: Count
    lora_alpha: Count
    batch_inputs: Count
    warmup_fraction: Share
    held_back: Annotated[float, Field(gt=0, le=0.5)]
    rehearse: bool
    scramble_labels: bool
    checkpoint_every: Count
