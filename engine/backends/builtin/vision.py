"""Capability `vision` of the embedded backends: the critic."""

from typing import Any

from engine.backends.builtin.critic import evaluate
from engine.backends.builtin.embedded import embedded_info
from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.contract.backend import BackendInfo, BaseBackend, CallContext
from engine.contract.errors import Permanent
from engine.contract.vision import EvaluateRequest, Evaluation


class BuiltinVisionBackend(BaseBackend):
    """Measures an image against a brief, by the method of `engine.backends.builtin.critic`."""

    def __init__(self, settings: BuiltinSettings) -> None:
        self.strictness = settings.strictness
        self.info = embedded_info(
            BackendInfo,
            capability="vision",
            model="measures-1",
            version=versioned("1", "strictness", settings.strictness),
        )

    async def evaluate(self, request: EvaluateRequest, context: CallContext) -> Evaluation:
        """Judges the image.

        Raises:
            Permanent: The bytes are no image.
        """
        image = await context.read(request.image)
        try:
            found = await context.compute(judged, image, request.brief, self.strictness)
        except ValueError as error:
            raise Permanent(f"The critic could not look at the image: {error}") from error
        return Evaluation(**found, scorer=self.info.signature())


def judged(image: bytes, brief: str, strictness: float) -> dict[str, Any]:
    """A judgement as plain data, for the process pool."""
    return evaluate(image, brief, strictness).model_dump()
