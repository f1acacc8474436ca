"""Capability `vision`: what is in an image, and how well it answers a brief."""

from collections.abc import Awaitable
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import Field

from engine.contract.backend import (
    Artifact,
    Backend,
    Call,
    CallContext,
    Critique,
    Request,
    Result,
    Score,
)
from engine.contract.capability import Capability


class EvaluateRequest(Request):
    """Asks for a judgement of an image.

    Attributes:
        image: The image.
        brief: What the operator asked for, in full; never the refined prompt, so that a
            refinement that drops half of the brief is not rewarded for it.
    """

    image: Artifact
    brief: str


class Evaluation(Result):
    """A judgement of one image.

    Attributes:
        score: How well the image answers the brief, 0 to 100, higher is better.
        description: What is in the image, in words.
        reasons: Why the score is what it is, one sentence each.
        missing: What the brief asks for and the image lacks, one short phrase each.
        measurements: Named measured values that the reasons rest on, where there are any.
        scorer: Who judged: method or model, with its version.
    """

    kind: ClassVar[str] = "critique"

    score: float = Field(ge=0, le=100)
    description: str
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    measurements: dict[str, float] = Field(default_factory=dict)
    scorer: str

    def scores(self) -> list[Score]:
        """The overall score."""
        return [Score(metric="score", value=self.score, scorer=self.scorer)]

    def critiques(self) -> list[Critique]:
        """Description and reasons as one critique."""
        text = "\n".join((self.description, *self.reasons))
        return [Critique(text=text, missing=self.missing, measurements=self.measurements)]


@runtime_checkable
class VisionBackend(Backend, Protocol):
    """Looks at images."""

    async def evaluate(self, request: EvaluateRequest, context: CallContext) -> Evaluation:
        """Judges an image against a brief."""
        ...


class VisionProxy:
    """The vision capability as a recipe sees it."""

    def __init__(self, backend: VisionBackend) -> None:
        self.backend = backend

    def evaluate(self, image: Artifact, brief: str) -> Call[Evaluation]:
        """Describes the evaluation of one image against a brief."""
        request = EvaluateRequest(image=image, brief=brief)
        return Call(self.backend, "evaluate", request, Evaluation, _evaluate)


def _evaluate(
    backend: VisionBackend, request: EvaluateRequest, context: CallContext
) -> Awaitable[Evaluation]:
    return backend.evaluate(request, context)


VISION = Capability("vision", "Judgement of an image against a brief.", VisionBackend, VisionProxy)
"""The capability `vision`."""
