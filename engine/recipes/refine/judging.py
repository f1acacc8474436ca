"""Evaluations from the answers of judges: the mean of several, and the score of a checklist."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from pydantic import Field

from engine.contract import Request
from engine.contract.data import Check, Verdict
from engine.contract.score import YesLikelihoods
from engine.recipes.refine.agents.evaluator import Asking, CheckedEvaluation
from engine.recipes.refine.checklist import (
    Answered,
    Answers,
    AnswerVerdict,
    Question,
    in_effect,
    merged,
    share_met,
)

_CHECKS: dict[AnswerVerdict, Verdict] = {"yes": "met", "no": "unmet", "cannot_tell": "unknown"}

UNDECIDED = 0.05
"""Distance from one half up to which a scorer's likelihood of yes decides nothing."""


class MeanRequest(Request):
    """Request for the mean of several evaluations of one image, at least one."""

    evaluations: tuple[CheckedEvaluation, ...] = Field(min_length=1)


class ChecklistRequest(Request):
    """Request for the evaluation that answers to a checklist add up to.

    Attributes:
        questions: The questions.
        asked: Answers of each asking, at least one.
    """

    questions: tuple[Question, ...]
    asked: tuple[Answers, ...] = Field(min_length=1)

    @property
    def answers(self) -> dict[str, Answered]:
        """One answer per question."""
        return merged(self.questions, self.asked)

    @property
    def score(self) -> float | None:
        """Share of the questions that are met, 0 to 100; None if none is decided.

        Of graded answers it is the mean degree to which they are met.
        """
        answers = self.answers
        verdicts = in_effect(self.questions, answers)
        degree = _certainty(self.questions, answers, verdicts)
        if degree is not None and all(one.is_graded for one in self.asked):
            return round(100 * degree, 2)
        return share_met(verdicts)


def answers_of_scorer(questions: Sequence[Question], likelihoods: YesLikelihoods) -> Answers:
    """Return the answers to a checklist from the likelihoods of yes that a scorer gave an image."""
    return Answers(
        answers=tuple(
            _likely(question.id, value)
            for question, value in zip(questions, likelihoods.values[0], strict=True)
        ),
        scorer=likelihoods.scorer,
    )


def _likely(name: str, value: float | None) -> Answered:
    if value is None:
        return Answered(id=name, verdict="cannot_tell", reason="The scorer gave no number.")
    verdict: AnswerVerdict = "yes" if value > 0.5 else "no"
    if abs(value - 0.5) < UNDECIDED:
        verdict = "cannot_tell"
    reason = f"yes to {value:.0%}"
    return Answered(id=name, verdict=verdict, confidence=round(value, 4), reason=reason)


def mean_evaluation(request: MeanRequest) -> CheckedEvaluation:
    """Return the mean score, in the words of the asking that is nearest to it."""
    scores = [one.score for one in request.evaluations]
    mean = fmean(scores)
    nearest = min(request.evaluations, key=lambda one: abs(one.score - mean))
    askings = (Asking(score=one.score, temperature=one.temperature) for one in request.evaluations)
    return nearest.model_copy(update={"score": round(mean, 2), "askings": tuple(askings)})


def checklist_evaluation(request: ChecklistRequest) -> CheckedEvaluation:
    """Return the share that is met as the score, with what failed as reasons.

    Raises:
        ValueError: No question is decided.
    """
    answers, score = request.answers, request.score
    if score is None:
        raise ValueError("no question is decided")
    verdicts = in_effect(request.questions, answers)
    failed = [one for one in request.questions if verdicts[one.id] == "no"]
    unmet = {one.id: one for one in failed}
    first = request.asked[0]
    return CheckedEvaluation(
        score=score,
        description=first.description,
        reasons=tuple(_reason(one, answers[one.id], unmet) for one in failed),
        missing=tuple(demand_of(one) for one in failed),
        measurements=first.measurements,
        scorer=first.scorer,
        checks=tuple(_check(one, verdicts[one.id], answers[one.id]) for one in request.questions),
        temperature=first.temperature,
        certainty=_certainty(request.questions, answers, verdicts),
        askings=_askings(request) if len(request.asked) > 1 else (),
    )


def demand_of(question: Question) -> str:
    """Return what a question asks for, as a phrase: `barn`, `red barn`, else its text."""
    if question.kind == "object" and question.subject:
        return question.subject
    if question.kind in ("count", "colour") and question.subject and question.value:
        return f"{question.value} {question.subject}"
    return " ".join(question.text.split()).rstrip("?")


def met_demands(evaluation: object) -> tuple[str, ...]:
    """Return the demands that an evaluation by checklist has found met."""
    checks = evaluation.checks if isinstance(evaluation, CheckedEvaluation) else ()
    return tuple(one.name.rstrip("?") for one in checks if one.verdict == "met")


def _reason(question: Question, answer: Answered, unmet: Mapping[str, Question]) -> str:
    """Return why a question is not met, with what was seen or what it depends on."""
    if answer.verdict == "no":
        return f"{question.text} No{f': {answer.reason}' if answer.reason else ''}"
    cause = next(unmet[name] for name in question.depends_on if name in unmet)
    return f"{question.text} No, for that depends on: {cause.text}"


def _check(question: Question, verdict: AnswerVerdict, answer: Answered) -> Check:
    name = " ".join(question.text.split())
    return Check(name=name, verdict=_CHECKS[verdict], value=answer.reason, expected=question.value)


def _certainty(
    questions: Sequence[Question],
    answers: Mapping[str, Answered],
    verdicts: Mapping[str, AnswerVerdict],
) -> float | None:
    """Return the mean confidence of yes over the questions that are decided and have one."""
    decided = [answers[one.id] for one in questions if verdicts[one.id] != "cannot_tell"]
    known = [one.confidence for one in decided if one.confidence is not None]
    return round(fmean(known), 4) if known else None


def _askings(request: ChecklistRequest) -> tuple[Asking, ...]:
    return tuple(
        Asking(
            score=share_met(in_effect(request.questions, answers.by_id())),
            temperature=answers.temperature,
        )
        for answers in request.asked
    )
