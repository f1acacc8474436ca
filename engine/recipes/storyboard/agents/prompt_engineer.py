"""The Prompt Engineer: scores the prompt of one shot by five criteria, and suggests changes."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Request
from engine.contract.chat.answers import Answer, CleanText, Number, TextList, other_scale
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.recipes.storyboard.agents.film_data import film_block, scene_block
from engine.recipes.storyboard.film import CRITERIA, Film, PlannedScene, ShotReview

Points = Annotated[Number, Field(ge=0, le=100, allow_inf_nan=False)]
"""One score, 0 to 100."""


class ReviewRequest(Request):
    """Request for a review of a shot's prompt.

    Attributes:
        film: What all scenes have in common.
        scene: The scene as it was asked for.
        prompt: The prompt to judge.
        weights: Weight of each of `CRITERIA` in the overall score, in their order.
    """

    film: Film
    scene: PlannedScene
    prompt: str
    weights: tuple[float, ...] = Field((1.0,) * len(CRITERIA), min_length=5, max_length=5)

    def overall(self, scores: Sequence[float]) -> float:
        """Return the weighted average of five scores in the order of `CRITERIA`."""
        total = sum(self.weights)
        weighed = sum(w * s for w, s in zip(self.weights, scores, strict=True))
        return round(weighed / total, 2) if total else 0.0


class ReviewAnswer(Answer):
    """The Prompt Engineer's answer. The scores come last, after what they rest on.

    It has no overall score: that is computed by the weights of the request.
    """

    critique: Annotated[CleanText, Field(min_length=1, max_length=8000)]
    suggestions: Annotated[TextList, Field(max_length=50)]
    completeness: Points
    specificity: Points
    professionalism: Points
    cinematography: Points
    brand_alignment: Points

    def doubt(self, *, asked: bool) -> str:
        """Ask about scores on another scale."""
        scale = other_scale([getattr(self, name) for name in CRITERIA])
        return f"{scale}." if scale else ""


def message(request: ReviewRequest) -> str:
    """Return film, scene and the prompt; the weights are left out."""
    return "\n\n".join(
        (film_block(request.film), scene_block(request.scene), fence("PROMPT", request.prompt))
    )


def review(answer: ReviewAnswer, request: ReviewRequest, author: str) -> ShotReview:
    """Return the result of an answer, with the weighted average of its scores."""
    scores = {name: float(getattr(answer, name)) for name in CRITERIA}
    return ShotReview(
        **scores,
        overall=request.overall(list(scores.values())),
        critique=answer.critique,
        suggestions=tuple(answer.suggestions),
        scorer=author,
    )


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return a review by a rubric: which elements of a shot the prompt has."""
    from engine.recipes.storyboard.rules.rubric import judge

    asked = ReviewRequest.model_validate(inputs.request)
    review = judge(asked.film, asked.scene, asked.prompt, asked.weights)
    return {
        **dict(zip(CRITERIA, review.scores, strict=True)),
        "overall": asked.overall(review.scores),
        "critique": review.critique,
        "suggestions": review.suggestions,
        "scorer": inputs.author,
    }


PROMPT_ENGINEER = Agent(
    id="review_shot",
    prompt=prompt_beside(__file__),
    request=ReviewRequest,
    result=ShotReview,
    message=message,
    answer=ReviewAnswer,
    finish=review,
    rule=Rule(by_rule, name="rubric"),
)
"""Scores the prompt of a shot and suggests changes."""
