"""Evaluation of an image: by the evaluator, or by the questions of the job's checklist."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from engine.contract import Artifact, Permanent
from engine.contract.job import Scope
from engine.contract.side_by_side import side_by_side
from engine.recipes.refine.agents.answers import ANSWERER, AnswersRequest
from engine.recipes.refine.agents.evaluator import EVALUATOR, CheckedEvaluation, EvaluateRequest
from engine.recipes.refine.agents.questions import QUESTIONER, QuestionsRequest
from engine.recipes.refine.checklist import Answers, Checklist
from engine.recipes.refine.judging import (
    ChecklistRequest,
    MeanRequest,
    answers_of_scorer,
    checklist_evaluation,
    mean_evaluation,
)
from engine.recipes.refine.turn import METHOD, RefineJob

QUESTIONS, EVALUATE, ANSWER = "questions", "evaluate", "answer"
"""Names of steps: the checklist of a job, an image's evaluation, and the answers to it."""

T = TypeVar("T")

UNDECIDED = "No question of the checklist could be answered for an image; it was described instead."


@dataclass(slots=True)
class Judge:
    """Judge of a job's images.

    Attributes:
        job: The job.
        checklist: Its questions; None without a checklist, or if the brief gives none.
    """

    job: RefineJob
    checklist: Checklist | None = field(default=None)

    @property
    def brief(self) -> str:
        """Brief that images are judged by."""
        return self.job.input.full_prompt

    async def prepare(self) -> None:
        """Write the checklist, if images are evaluated by one."""
        if self.job.settings.evaluation != "checklist":
            return
        request = QuestionsRequest(brief=self.brief)
        checklist = await self.job.step(QUESTIONS, self.job.text.structured, QUESTIONER, request)
        if checklist.questions:
            self.checklist = checklist
        else:
            await self.job.warn(
                "The brief gives no question for a checklist; images are described."
            )

    async def evaluate(self, scope: Scope, image: Artifact) -> CheckedEvaluation:
        """Return the evaluation of an image; its step is `evaluate` in either way."""
        if self.checklist is None:
            return await self._described(scope, image)
        asked = await self._answers(scope, image, self.checklist)
        request = ChecklistRequest(questions=self.checklist.questions, asked=asked)
        if request.score is None:
            await self.job.warn(UNDECIDED)
            return await self._described(scope, image)
        return await scope.local(EVALUATE, checklist_evaluation, request, method=METHOD)

    async def _described(self, scope: Scope, image: Artifact) -> CheckedEvaluation:
        job = self.job
        askings = askings_of(job)

        async def ask(number: int) -> CheckedEvaluation:
            request = EvaluateRequest(
                image=image,
                brief=self.brief,
                ask=number,
                temperature=job.settings.judge_temperature,
            )
            name = EVALUATE if askings == 1 else f"{EVALUATE}-{number}"
            return await scope.step(name, job.vision.structured, EVALUATOR, request)

        if askings == 1:
            return await ask(1)
        mean = MeanRequest(evaluations=await all_of(ask, askings))
        return await scope.local(EVALUATE, mean_evaluation, mean, method=METHOD)

    async def _answers(
        self, scope: Scope, image: Artifact, checklist: Checklist
    ) -> tuple[Answers, ...]:
        job = self.job
        if job.settings.score is not None:
            texts = [one.text for one in checklist.questions]
            likelihoods = await scope.step(ANSWER, job.scorers.ask, [image], texts)
            return (answers_of_scorer(checklist.questions, likelihoods),)
        askings = askings_of(job)

        async def ask(number: int) -> Answers:
            request = AnswersRequest(
                image=image,
                questions=checklist.questions,
                brief=self.brief,
                ask=number,
                temperature=job.settings.judge_temperature,
            )
            name = ANSWER if askings == 1 else f"{ANSWER}-{number}"
            return await scope.step(name, job.vision.structured, ANSWERER, request)

        return await all_of(ask, askings)


def askings_of(job: RefineJob) -> int:
    """Return how often a judge is asked: once if its backend always answers the same."""
    settings = job.settings
    is_constant = job.vision.backend.info.reusable and settings.judge_temperature is None
    return 1 if is_constant else settings.judges


async def all_of(ask: Callable[[int], Awaitable[T]], askings: int) -> tuple[T, ...]:
    """Return the results of askings side by side, without those that failed.

    Args:
        ask: Asks once, given the number of the asking, from 1.
        askings: How often to ask.

    Raises:
        Permanent: All have failed for good.
    """
    results = await side_by_side(ask, range(1, askings + 1))
    answered = tuple(result for result in results if not isinstance(result, Permanent))
    if not answered:
        raise next(result for result in results if isinstance(result, Permanent))
    return answered
