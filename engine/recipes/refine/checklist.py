"""Checklists: a brief as yes/no questions, the answers to them for an image, and its score.

After Davidsonian Scene Graph (J. Cho et al., arXiv 2310.18235): each question asks for one thing,
and one that makes sense only if another is answered with yes depends on it.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal

from pydantic import Field

from engine.contract.backend import FrozenModel, Result
from engine.contract.chat.answers import SampledResult

MAX_QUESTIONS = 40
"""Questions of one checklist at most."""

QuestionKind = Literal[
    "object", "count", "colour", "position", "attribute", "relation", "style", "other"
]
"""Kind of what a question asks for."""

AnswerVerdict = Literal["yes", "no", "cannot_tell"]
"""Answer to a question; `cannot_tell` does not count in the score."""


class Question(FrozenModel):
    """One yes/no question about an image.

    Attributes:
        id: Its name in the checklist, for example `q3`.
        text: The question, such that yes means that the brief is met.
        kind: Kind of what it asks for.
        depends_on: Ids of the questions before it that have to be answered with yes.
        subject: What it is about, in words of the brief: `barn`.
        value: What is asked of the subject: `red`, `3`, `left`; empty if its presence is.
        measure: Measure that decides it for the embedded family, `share:#d0312d` for example;
            empty if no measure can.
    """

    id: str = Field(pattern=r"^q[1-9][0-9]{0,2}$")
    text: str
    kind: QuestionKind = "other"
    depends_on: tuple[str, ...] = ()
    subject: str = ""
    value: str = ""
    measure: str = ""


class Checklist(Result):
    """A brief as questions, each after those that it depends on.

    Attributes:
        questions: The questions.
        author: Who wrote them: backend, model and version.
    """

    questions: tuple[Question, ...] = Field(max_length=MAX_QUESTIONS)
    author: str


class Answered(FrozenModel):
    """Answer to one question.

    Attributes:
        id: Id of the question.
        verdict: The answer.
        confidence: How sure it is that the answer is yes, 0 to 1; None if that is not known.
        reason: What was seen, as a short text.
    """

    id: str
    verdict: AnswerVerdict
    confidence: float | None = Field(default=None, ge=0, le=1)
    reason: str = ""


class Answers(SampledResult):
    """Answers to a checklist for one image.

    Attributes:
        answers: One answer per question, in their order.
        description: Content of the image in words; empty if none was written.
        measurements: Named measured values that the answers rest on, if there are any.
        scorer: Who answered: method or model, with its version.
        is_graded: True if confidences are degrees to which demands are met, as measures give
            them; the score is their mean instead of the share that is met.
    """

    answers: tuple[Answered, ...]
    description: str = ""
    measurements: dict[str, float] = Field(default_factory=dict)
    scorer: str
    is_graded: bool = False

    def by_id(self) -> dict[str, Answered]:
        """Return the answers by the ids of their questions."""
        return {one.id: one for one in self.answers}


def in_effect(
    questions: Sequence[Question], answers: Mapping[str, Answered]
) -> dict[str, AnswerVerdict]:
    """Return the verdict of each question by its id, with dependencies applied.

    A question that depends on one answered with no is answered with no; one without an answer
    is undecided.
    """
    verdicts: dict[str, AnswerVerdict] = {}
    for question in questions:
        answer = answers.get(question.id)
        verdict: AnswerVerdict = answer.verdict if answer else "cannot_tell"
        if any(verdicts.get(name) == "no" for name in question.depends_on):
            verdict = "no"
        verdicts[question.id] = verdict
    return verdicts


def share_met(verdicts: Mapping[str, AnswerVerdict]) -> float | None:
    """Return the share of the questions that are met, 0 to 100; None if none is decided."""
    values = list(verdicts.values())
    counted = values.count("yes") + values.count("no")
    return round(100 * values.count("yes") / counted, 2) if counted else None


def merged(questions: Sequence[Question], asked: Sequence[Answers]) -> dict[str, Answered]:
    """Return one answer per question from several askings, by its id.

    The verdict of most is taken, and a tie of yes and no is undecided; confidence is the mean.
    """
    tables = [answers.by_id() for answers in asked]
    return {
        question.id: _majority(question.id, [t[question.id] for t in tables if question.id in t])
        for question in questions
    }


def _majority(name: str, answers: Sequence[Answered]) -> Answered:
    verdicts = [one.verdict for one in answers]
    yes, no = verdicts.count("yes"), verdicts.count("no")
    verdict: AnswerVerdict = "yes" if yes > no else "no" if no > yes else "cannot_tell"
    reasons = [one.reason for one in answers if one.verdict == verdict and one.reason]
    known = [one.confidence for one in answers if one.confidence is not None]
    confidence = round(fmean(known), 4) if known else None
    reason = reasons[0] if reasons else ""
    return Answered(id=name, verdict=verdict, confidence=confidence, reason=reason)
