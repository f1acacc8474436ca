"""Capability `vision` of the embedded backends: the critic."""

from typing import Any

from engine.backends.builtin.critic import evaluate
from engine.backends.builtin.embedded import Embedded
from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.contract.backend import CallContext, Capability
from engine.contract.errors import Permanent
from engine.contract.vision import EvaluateRequest, Evaluation


class Critic(Embedded):
    """Measures a picture against a brief, by the method of `engine.backends.builtin.critic`."""

    capability: Capability = "vision"
    model = "measures-1"

    def __init__(self, settings: BuiltinSettings) -> None:
        self.strictness = settings.strictness
        self.version = versioned("1", "strictness", settings.strictness)

    async def evaluate(self, request: EvaluateRequest, context: CallContext) -> Evaluation:
        """Judges the picture.

        Raises:
            Permanent: The bytes are no picture.
        """
        picture = await context.read(request.image)
        try:
            found = await context.compute(judged, picture, request.brief, self.strictness)
        except ValueError as error:
            raise Permanent(f"The critic could not look at the picture: {error}") from error
        return Evaluation(**found, scorer=f"{self.name}/{self.model} {self.version}")


def judged(picture: bytes, brief: str, strictness: float) -> dict[str, Any]:
    """A judgement as plain data, for the process pool."""
    return evaluate(picture, brief, strictness).model_dump()
