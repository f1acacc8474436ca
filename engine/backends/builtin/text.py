"""Capability `text` of the embedded backends: refiner, scene writer, Cinematographer, Engineer."""

from typing import Any

from engine.backends.builtin.cinematographer import shoot
from engine.backends.builtin.embedded import embedded_info
from engine.backends.builtin.refiner import PastAttempt, refine
from engine.backends.builtin.rubric import judge
from engine.backends.builtin.scenes import split
from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.contract.backend import BackendInfo, BaseBackend, CallContext
from engine.contract.storyboard_text import (
    CRITERIA,
    PlannedScene,
    ReviewRequest,
    Scenes,
    ScenesRequest,
    Shot,
    ShotRequest,
    ShotReview,
)
from engine.contract.text import Refinement, RefineRequest


class BuiltinTextBackend(BaseBackend):
    """Writes by rules: refines prompts, splits briefs, writes shots and judges them."""

    def __init__(self, settings: BuiltinSettings) -> None:
        self.boldness = settings.boldness
        version = versioned("1", "boldness", settings.boldness)
        self.info = embedded_info(BackendInfo, capability="text", model="rules-1", version=version)

    async def refine(self, request: RefineRequest, context: CallContext) -> Refinement:
        """Writes a better prompt from the history of attempts."""
        tried = [
            {
                "prompt": attempt.prompt,
                "negative_prompt": attempt.negative_prompt,
                "score": attempt.evaluation.score,
                "missing": attempt.evaluation.missing,
                "measurements": attempt.evaluation.measurements,
            }
            for attempt in request.attempts
        ]
        advice = await context.compute(refined, request.brief, tried, self.boldness)
        return Refinement(**advice, author=self.info.signature())

    async def write_scenes(self, request: ScenesRequest, context: CallContext) -> Scenes:
        """Splits a brief into scenes, by the method of `engine.backends.builtin.scenes`."""
        rows = await context.compute(written_scenes, request.model_dump(mode="json"))
        scenes = tuple(PlannedScene.model_validate(row) for row in rows)
        return Scenes(scenes=scenes, author=f"{self.info.name}/beats-1")

    async def write_shot(self, request: ShotRequest, context: CallContext) -> Shot:
        """Writes a shot, by the method of `engine.backends.builtin.cinematographer`."""
        written = await context.compute(written_shot, request.model_dump(mode="json"))
        return Shot(**written, author=f"{self.info.name}/cinematographer-1")

    async def review_shot(self, request: ReviewRequest, context: CallContext) -> ShotReview:
        """Judges a shot's prompt, by the rubric of `engine.backends.builtin.rubric`."""
        verdict = await context.compute(reviewed_shot, request.model_dump(mode="json"))
        scores: list[float] = verdict.pop("scores")
        return ShotReview(
            **dict(zip(CRITERIA, scores, strict=True)),
            **verdict,
            overall=request.overall(scores),
            scorer=f"{self.info.name}/rubric-1",
        )


def refined(brief: str, tried: list[dict[str, Any]], boldness: float) -> dict[str, Any]:
    """A refinement as plain data, for the process pool."""
    return refine(brief, [PastAttempt.model_validate(one) for one in tried], boldness).model_dump()


def written_scenes(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Scenes as plain data, for the process pool."""
    asked = ScenesRequest.model_validate(request)
    return split(asked.film, asked.count)


def written_shot(request: dict[str, Any]) -> dict[str, Any]:
    """A shot as plain data, for the process pool."""
    asked = ShotRequest.model_validate(request)
    return shoot(asked.film, asked.scene, asked.number, asked.total, asked.drafts).model_dump()


def reviewed_shot(request: dict[str, Any]) -> dict[str, Any]:
    """A verdict as plain data, for the process pool."""
    asked = ReviewRequest.model_validate(request)
    return judge(asked.film, asked.scene, asked.prompt, asked.weights).model_dump()
