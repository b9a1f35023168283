"""The main study as an experiment sees it: how it samples, asks and trains."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stages.models.opening import Models
from stages.models.predicting import QuestionForm, predict, predictors, question_form
from stages.models.protocol import Subject
from stages.models.questions import Decoding
from stages.models.sampling import sampled
from stages.models.section import (
    CrossQuestionParams,
    FinetuneParams,
    PredictParams,
    SamplingParams,
)
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import Arm
from stages.study.design import Design


@dataclass(frozen=True)
class Study:
    """What is compared, the sections of params.yaml on asking and training, and the models."""

    design: Design
    sampling: SamplingParams
    predict: PredictParams
    cross_questions: CrossQuestionParams
    finetune: FinetuneParams
    models: Models

    def arms(self, target: str) -> Iterator[tuple[Arm, Subject]]:
        """The target's own arms, then the others'; each is loaded when its turn comes."""
        for predictor in self.design.predictors(target):
            yield from predictors(predictor, target, self.design.seeds, self.models)

    def form(self, kind: str) -> QuestionForm:
        """How an arm of a kind is asked."""
        return question_form(kind, self.predict, self.cross_questions)

    @property
    def decoding(self) -> Decoding:
        """How predictions are made: greedy."""
        return Decoding(self.predict.max_tokens)

    def done(
        self, subject: Subject, inputs: Sequence[Row], cache: ResponseCache, label: str = ""
    ) -> list[Row]:
        """Behavior rows: what a subject does on inputs."""
        return list(sampled(subject, inputs, self.design, self.sampling, cache, label))

    def said(
        self,
        subject: Subject,
        inputs: Sequence[Row],
        cache: ResponseCache,
        form: QuestionForm,
        *,
        properties: Sequence[str] | None = None,
        label: str = "",
    ) -> Iterator[Row]:
        """Prediction rows about inputs, of the study's properties where none are named."""
        names = self.design.properties if properties is None else properties
        return predict(subject, inputs, names, self.decoding, cache, form=form, label=label)
