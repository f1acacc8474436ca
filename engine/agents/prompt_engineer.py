"""The Prompt Engineer: scores the prompt of one shot by five criteria, and says what to change."""

from typing import Annotated

from pydantic import Field

from engine.agents.conversation import ChatTurn, Conversation
from engine.agents.films import told_film, told_scene
from engine.agents.prompt_files import fence, prompt_file
from engine.agents.replies import Answer, CleanText, Number, TextList, other_scale
from engine.contract import CRITERIA, ReviewRequest, ShotReview

Points = Annotated[Number, Field(ge=0, le=100, allow_inf_nan=False)]
"""One score, 0 to 100."""


class ReviewAnswer(Answer):
    """The Prompt Engineer's answer. The scores come last, after what they rest on.

    There is no overall score in it: that is computed by the weights of the request.
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


def version() -> str:
    """Version of what the Prompt Engineer is told, part of every fingerprint that rests on it."""
    return prompt_file("prompt_engineer").version


def conversation(request: ReviewRequest) -> Conversation:
    """What the Prompt Engineer is told: film, scene and the prompt; the weights are not its own."""
    text = "\n\n".join(
        (told_film(request.film), told_scene(request.scene), fence("PROMPT", request.prompt))
    )
    return Conversation(
        prompt_file("prompt_engineer").text, (ChatTurn("user", text),), ReviewAnswer
    )


def review(verdict: ReviewAnswer, request: ReviewRequest, scorer: str) -> ShotReview:
    """The answer as a result, with the weighted average of its scores.

    Args:
        verdict: The Prompt Engineer's answer.
        request: What it was asked, with the weights.
        scorer: Who judged: backend, model and version.
    """
    scores = {name: float(getattr(verdict, name)) for name in CRITERIA}
    return ShotReview(
        **scores,
        overall=request.overall(list(scores.values())),
        critique=verdict.critique,
        suggestions=tuple(verdict.suggestions),
        scorer=scorer,
    )
