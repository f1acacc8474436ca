"""Capability `text` of the embedded backends: the refiner."""

from typing import Any

from engine.backends.builtin.refiner import Tried, refine
from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.capabilities import Missing
from engine.capabilities.base import CallContext, Capability
from engine.capabilities.text import Refinement, RefineRequest


class Refiner:
    """Refines prompts by rules, by the method of `engine.backends.builtin.refiner`."""

    name = "builtin"
    capability: Capability = "text"
    model = "rules-1"
    paid = False
    resumable = False
    reusable = True  # the same request gives the same result
    lane = "builtin"
    concurrency = 0
    requests_per_minute: float | None = None

    def __init__(self, settings: BuiltinSettings) -> None:
        self.boldness = settings.boldness
        self.version = versioned("1", "boldness", settings.boldness)

    def missing(self) -> list[Missing]:
        """Nothing is ever missing."""
        return []

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
        return Refinement(**advice, author=f"{self.name}/{self.model} {self.version}")


def refined(brief: str, tried: list[dict[str, Any]], boldness: float) -> dict[str, Any]:
    """A refinement as plain data, for the process pool."""
    return refine(brief, [Tried.model_validate(one) for one in tried], boldness).model_dump()
