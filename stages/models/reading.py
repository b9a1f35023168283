"""Whether a subject can read all that a study asks it, tried before it is asked anything."""

from collections.abc import Sequence

from stages.models.predicting import QuestionForm, hypothetical_questions
from stages.models.protocol import Subject
from stages.models.sampling import object_questions
from stages.storage.tables import Row
from stages.study.design import Design


def check_study(subject: Subject, inputs: Sequence[Row], design: Design, max_tokens: int) -> None:
    """StudyError where prompts of inputs, or hypothetical questions on them, are beyond it.

    A study that could not ask its questions would only say so after the training.
    """
    subject.check(object_questions(inputs, seed=design.seed), max_tokens)
    told = [row for row in inputs if row["split"] == row["role"]]
    subject.check(hypothetical_questions(told, design.properties, QuestionForm()), 1)
