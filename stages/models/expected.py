"""The key that an answer of the main study has by today's code and params, without any weights."""

from stages.models.inputs import input_of
from stages.models.opening import Models
from stages.models.predicting import hypothetical_questions, question_form
from stages.models.protocol import Subject
from stages.models.questions import Decoding
from stages.models.sampling import object_questions
from stages.models.section import CrossQuestionParams, PredictParams, SamplingParams
from stages.storage.errors import StudyError
from stages.storage.response_cache import AnswerKey
from stages.study.arms import Arm, model_kinds, subject_name
from stages.study.design import Design


def named_arms(design: Design) -> dict[str, Arm]:
    """An arm of each subject of the study, by the subject's name."""
    arms = [
        Arm(target, predictor, kind, seed)
        for target in design.subjects
        for predictor in design.subjects
        for kind in model_kinds(predictor, target)
        for seed in design.seeds
    ]
    return {_name(arm): arm for arm in arms}


def object_key(name: str, input_id: str, design: Design, rule: SamplingParams) -> AnswerKey:
    """Of a subject's first answer to the prompt of an input."""
    _, subject = _found(name, design)
    questions = object_questions(
        [input_of(design.tasks, input_id)],
        seed=design.seed,
        cut_for=design.properties if rule.stop_when_decided else None,
    )
    return subject.keys(questions[:1], Decoding(rule.max_tokens, rule.temperature))[0]


def prediction_key(
    name: str,
    input_id: str,
    asked: str,
    design: Design,
    rule: PredictParams,
    cross_questions: CrossQuestionParams,
) -> AnswerKey:
    """Of a subject's answer to the hypothetical question on an input that asks for a property."""
    arm, subject = _found(name, design)
    if asked not in design.properties:
        raise StudyError(
            f"params.yaml: properties: {asked!r} is none of them; "
            f"there are: {', '.join(design.properties)}"
        )
    row = input_of(design.tasks, input_id)
    form = question_form(arm.kind, rule, cross_questions)
    questions = hypothetical_questions([row], [asked], form)
    if not questions:
        raise StudyError(f"{input_id}: {asked!r} is not asked about an input of {row['task']!r}")
    return subject.keys(questions[:1], Decoding(rule.max_tokens))[0]


def _name(arm: Arm) -> str:
    if arm.adapter is None or arm.seed is None:
        return arm.predictor
    return subject_name(arm.adapter, arm.seed)


def _found(name: str, design: Design) -> tuple[Arm, Subject]:
    arms = named_arms(design)
    if name not in arms:
        raise StudyError(f"{name!r} is no subject of the study; there are: {', '.join(arms)}")
    arm = arms[name]
    if arm.adapter is None or arm.seed is None:
        return arm, Models("cache").base(arm.predictor, weights=False)
    return arm, Models("cache").trained(arm.predictor, arm.adapter, arm.seed, weights=False)
