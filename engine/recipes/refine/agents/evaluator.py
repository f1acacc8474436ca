"""The evaluator: looks at an image and says how well it answers a brief."""

from collections.abc import Sequence
from statistics import pstdev
from typing import Annotated, Any, ClassVar

from pydantic import Field

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Artifact, Critique, FrozenModel, Request, Result, Score
from engine.contract.chat.answers import (
    Answer,
    CleanText,
    Number,
    SampledResult,
    TextList,
    other_scale,
)
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.contract.data import Check


def _is_missing(value: object) -> bool:
    return value is None or value == ()


def _is_first(value: int) -> bool:
    return value == 1


class EvaluateRequest(Request):
    """Request for an evaluation of an image.

    Attributes:
        image: The image.
        brief: What the operator asked for, in full; never the refined prompt, so that a
            refinement that drops half of the brief is not rewarded for it.
        ask: Which of several askings of the same judge it is, from 1.
        temperature: Temperature of the judge; None for its own.
    """

    image: Artifact
    brief: str
    ask: int = Field(default=1, ge=1, exclude_if=_is_first)
    temperature: float | None = Field(default=None, ge=0, le=2, exclude_if=_is_missing)


class Evaluation(Result):
    """Evaluation of one image.

    Attributes:
        score: How well the image answers the brief, 0 to 100, higher is better.
        description: Content of the image, in words.
        reasons: Reasons of the score, one sentence each.
        missing: What the brief asks for and the image lacks, one short phrase each.
        measurements: Named measured values that the reasons rest on, if there are any.
        scorer: Judge: method or model, with its version.
    """

    kind: ClassVar[str] = "critique"

    score: float = Field(ge=0, le=100)
    description: str
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    measurements: dict[str, float] = Field(default_factory=dict)
    scorer: str

    def scores(self) -> list[Score]:
        """Return the overall score."""
        return [Score(metric="score", value=self.score, scorer=self.scorer)]

    def critiques(self) -> list[Critique]:
        """Return description and reasons as one critique."""
        text = "\n".join((self.description, *self.reasons))
        return [Critique(text=text, missing=self.missing, measurements=self.measurements)]


class Asking(FrozenModel):
    """One of several askings of a judge about the same image.

    Attributes:
        score: Its score; None if it could not tell.
        temperature: Temperature that it was sent; None if it takes none, or for a rule.
    """

    score: float | None
    temperature: float | None = None


class CheckedEvaluation(Evaluation, SampledResult):
    """Evaluation with its checks; the refiner gets only the reasons.

    Attributes:
        checks: What was looked for, each with its verdict, if the judge looked for things.
        temperature: Temperature that the judge was sent; None if it takes none, or for a rule.
        certainty: Mean confidence that the demands of the brief are met, 0 to 1; it orders images
            of equal scores. None if it is not known.
        askings: Each answer of a judge that was asked several times.
    """

    checks: tuple[Check, ...] = ()
    temperature: float | None = Field(default=None, exclude_if=_is_missing)
    certainty: float | None = Field(default=None, ge=0, le=1, exclude_if=_is_missing)
    askings: tuple[Asking, ...] = Field(default=(), exclude_if=_is_missing)

    @property
    def spread(self) -> float | None:
        """Standard deviation of the scores of several askings; None if there are no two."""
        return spread_of([one.score for one in self.askings if one.score is not None])


def spread_of(scores: Sequence[float]) -> float | None:
    """Return the standard deviation of scores; None if there are no two."""
    return round(pstdev(scores), 2) if len(scores) > 1 else None


class EvaluatorAnswer(Answer):
    """The evaluator's answer. The score comes last, after what it rests on."""

    description: Annotated[CleanText, Field(min_length=1, max_length=8000)]
    missing: Annotated[TextList, Field(max_length=50)]
    reasons: Annotated[TextList, Field(min_length=1, max_length=50)]
    score: Annotated[Number, Field(ge=0, le=100, allow_inf_nan=False)]

    def doubt(self, *, asked: bool) -> str:
        """Ask about a score on another scale; one of at least 1 is accepted if repeated."""
        if asked and self.score >= 1:
            return ""
        scale = other_scale([self.score])
        return f"{scale}; where {self.score:g} of 100 is meant, give it again." if scale else ""


def message(request: EvaluateRequest) -> str:
    """Return the message that is sent with the image, in the words of the instructions."""
    brief = fence("BRIEF", request.brief)
    return f"The picture is attached. The brief it was made from:\n\n{brief}"


def evaluation(
    answer: EvaluatorAnswer, _request: EvaluateRequest, author: str
) -> CheckedEvaluation:
    """Return the result of an answer."""
    return CheckedEvaluation(
        score=answer.score,
        description=answer.description,
        reasons=tuple(answer.reasons),
        missing=tuple(answer.missing),
        scorer=author,
    )


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return an evaluation by measuring the image."""
    from engine.recipes.refine.rules.critic import evaluate

    measured = evaluate(inputs.images[0], inputs.request["brief"], inputs.strength)
    return {**measured.model_dump(), "scorer": inputs.author}


EVALUATOR = Agent(
    id="evaluate",
    prompt=prompt_beside(__file__),
    request=EvaluateRequest,
    result=CheckedEvaluation,
    message=message,
    answer=EvaluatorAnswer,
    finish=evaluation,
    images=lambda request: (request.image,),
    rule=Rule(by_rule),
    temperature=lambda request: request.temperature,
)
"""Looks at an image and scores it against a brief."""
