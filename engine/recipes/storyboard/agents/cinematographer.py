"""The Cinematographer: writes the prompt of one shot, and writes it again after a review."""

from typing import Any

from pydantic import Field

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Request
from engine.contract.chat.answers import PromptAnswer, WrittenPrompt
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.recipes.storyboard.agents.film_data import as_json, film_block, scene_block
from engine.recipes.storyboard.film import CRITERIA, Draft, Film, PlannedScene, carrying


class ShotRequest(Request):
    """Request for a shot's prompt.

    Attributes:
        film: What all scenes have in common.
        scene: The scene.
        number: Number of the scene, from 1.
        total: Number of scenes.
        drafts: Prompts written for it so far, oldest first, each with its review.
    """

    film: Film
    scene: PlannedScene
    number: int = Field(ge=1)
    total: int = Field(ge=1)
    drafts: tuple[Draft, ...] = ()


class Shot(WrittenPrompt):
    """A shot's prompt, and why it is as it is."""

    prompt: str = Field(min_length=1)


def message(request: ShotRequest) -> str:
    """Return film, scene, and every draft with its review."""
    drafts = [_as_data(number, draft) for number, draft in enumerate(request.drafts, 1)]
    return "\n\n".join(
        (
            film_block(request.film),
            scene_block(request.scene, request.number, request.total),
            fence("DRAFTS", as_json(drafts)),
        )
    )


def _as_data(number: int, draft: Draft) -> dict[str, object]:
    review = draft.review
    return {
        "draft": number,
        "prompt": draft.prompt,
        "overall": round(review.overall, 1),
        "scores": {name: round(getattr(review, name), 1) for name in CRITERIA},
        "critique": review.critique,
        "suggestions": list(review.suggestions),
    }


def shot(answer: PromptAnswer, request: ShotRequest, author: str) -> Shot:
    """Return the result of an answer, with every description that the answer lacks."""
    written = Shot.of(answer, request, author)
    return written.model_copy(update={"prompt": carrying(written.prompt, request.film)})


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return a shot in the words of the trade, longer with each review."""
    from engine.recipes.storyboard.rules.cinematographer import shoot

    asked = ShotRequest.model_validate(inputs.request)
    draft = shoot(asked.film, asked.scene, asked.number, asked.total, asked.drafts)
    prompt = carrying(draft.prompt, asked.film)
    return {**draft.model_dump(), "prompt": prompt, "author": inputs.author}


CINEMATOGRAPHER = Agent(
    id="write_shot",
    prompt=prompt_beside(__file__),
    request=ShotRequest,
    result=Shot,
    message=message,
    answer=PromptAnswer,
    finish=shot,
    rule=Rule(by_rule, name="cinematographer"),
)
"""Writes the prompt of a shot."""
