"""Capability `embedding` of the local models: all inputs of a request as one task of a host."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.backends.local.packages import PACKAGES, lacking_packages
from engine.backends.local.settings import LocalSettings
from engine.contract import BaseBackend, CallContext, Limits, MissingRequirement, Permanent
from engine.contract.embedding import EmbeddingInfo, Embeddings, EmbedRequest
from engine.contract.model_host import ModelKey, ModelNeeds, Task
from engine.models.embedders.hosted import LOADER, EmbedAnswer, EmbedTask
from engine.models.embedders.options import EmbeddingOptions, embeds_images, required
from engine.models.scorers.models import marked_model
from engine.models.weights import RequiredWeights, lane_of, missing_weights, model_needs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_INPUTS = 1024
"""Inputs of one request: a task that is given up ends before the next one begins."""

VERSION = "1"
"""Raised when the same weights and request would give other vectors."""


class LocalEmbedder(BaseBackend):
    """A model that embeds, in the model hosts of this machine."""

    info: EmbeddingInfo

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        model = settings.embedding
        has_images = embeds_images(model)
        self.info = EmbeddingInfo(
            name="local",
            model=model,
            version=f"{VERSION} {settings.precision} {marked_model(model)}",
            lane=lane_of("local:embedding", self.weights()),
            reusable=True,
            limits=Limits(settings.concurrency),
            modalities=frozenset({"text", "image"} if has_images else {"text"}),
            max_inputs=MAX_INPUTS,
            max_tokens=77 if has_images else None,
        )

    def weights(self) -> Sequence[RequiredWeights]:
        """Return the weights of the model."""
        return [required(self.settings.embedding, offline=self.settings.offline)]

    def missing(self) -> list[MissingRequirement]:
        """Return packages that are not installed, or else weights that are not there."""
        return lacking_packages() or missing_weights(self.weights())

    def needs(self) -> ModelNeeds:
        """Return what a machine needs for its models."""
        return model_needs(PACKAGES, self.weights())

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """Embed the inputs of a request.

        Raises:
            Permanent: There are inputs that the model does not embed, too many, or an image that
                cannot be read.
            StepError: The model host could not do it.
        """
        self._check(request)
        payload: EmbedTask = {
            "texts": list(request.texts),
            "images": [await context.read(image) for image in request.images],
        }
        answer: EmbedAnswer = await context.infer(Task(self._key(), "embed", payload))
        try:
            return Embeddings.of(_rows(answer), self.info.signature())
        except ValueError as error:
            raise Permanent(f"{self.info.model} gave no vectors: {error}.") from error

    def _check(self, request: EmbedRequest) -> None:
        others = sorted(request.modalities - self.info.modalities)
        if others:
            raise Permanent(
                f"{self.info.model} embeds {' and '.join(sorted(self.info.modalities))}, "
                f"not {' or '.join(others)}.",
                remedy="Set backends.local.embedding to a CLIP model, such as ViT-B-32/openai.",
            )
        if request.count > self.info.max_inputs:
            raise Permanent(f"local embeds {MAX_INPUTS} inputs at once, not {request.count}.")

    def _key(self) -> ModelKey:
        settings = self.settings
        options = EmbeddingOptions(
            embedding=settings.embedding, precision=settings.precision, batch=settings.batch
        )
        return ModelKey(LOADER, options.model_dump_json(), "embedding", settings.device)


def _rows(answer: EmbedAnswer) -> "NDArray[np.float32]":
    import numpy as np

    return np.frombuffer(answer["vectors"], "<f4").reshape(-1, answer["dimensions"])
