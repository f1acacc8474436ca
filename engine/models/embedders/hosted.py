"""Embedding in a model host: all inputs of one request are one task."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from engine.contract.errors import Permanent
from engine.contract.model_host import BatchReporter, LoadContext
from engine.models.embedders.options import EmbeddingOptions, embeds_images, required
from engine.models.embedders.sentences import SentenceEncoder, load_sentences
from engine.models.scorers.device_modules import settled
from engine.models.scorers.encoders import Tower
from engine.models.scorers.images import ImageBatch
from engine.models.weights import identity, require

if TYPE_CHECKING:
    from torch import Tensor

LOADER = "engine.models.embedders.hosted:load"
MAX_TASKS = 4


class EmbedTask(TypedDict):
    """Payload of the operation `embed`; its reply is an `EmbedAnswer`."""

    texts: list[str]
    images: list[bytes]


class EmbedAnswer(TypedDict):
    """Vectors of the texts and then of the images, as 32-bit floats one after the other."""

    dimensions: int
    vectors: bytes


def load(options: str, place: LoadContext) -> "LoadedEmbedder":
    """Load a model that embeds.

    Args:
        options: `EmbeddingOptions` as JSON.
        place: Place to load it in.

    Raises:
        Blocked: Weights are missing or wrong.
    """
    chosen = EmbeddingOptions.model_validate_json(options)
    precision = settled(chosen.precision, place.device)
    wanted = required(chosen.embedding)
    folder = require(wanted)
    if not embeds_images(chosen.embedding):
        return LoadedEmbedder(
            load_sentences(folder, precision=precision, device=place.device, batch=chosen.batch)
        )
    from engine.models.scorers.open_clip_tower import load_open_clip

    name = identity(wanted, folder)
    return LoadedEmbedder(
        load_open_clip(
            folder, precision=precision, identity=name, device=place.device, batch=chosen.batch
        )
    )


class LoadedEmbedder:
    """A model that embeds, on a device.

    Args:
        encoder: The model; a tower embeds images too.
    """

    most = MAX_TASKS

    def __init__(self, encoder: SentenceEncoder | Tower) -> None:
        self.encoder: SentenceEncoder | Tower | None = encoder
        self._module = encoder.device_module

    def run(self, operation: str, payloads: Sequence[Any], reporter: BatchReporter) -> list[Any]:
        """Run a batch of tasks of the operation `embed`."""
        return [
            None if reporter.is_given_up(task) else self._embed(payload, task, reporter)
            for task, payload in enumerate(payloads)
        ]

    def size(self) -> int:
        """Return the bytes that the weights now take on the device."""
        return self._module.size()

    def offload(self) -> None:
        """Be on the device only while working from now on."""
        self._module.leave()

    def restore(self) -> None:
        """Move back to the device, to stay there."""
        self._module.stay()

    def close(self) -> None:
        """Release the weights."""
        self.encoder = None

    def _embed(
        self, payload: EmbedTask, task: int, reporter: BatchReporter
    ) -> "EmbedAnswer | Permanent":
        import torch

        if self.encoder is None:
            raise ValueError("the model is closed")
        parts: list[Tensor] = []
        reporter.progress(task, None, "embedding")
        if payload["texts"]:
            parts.append(self.encoder.of_texts(payload["texts"]))
        if payload["images"]:
            if not isinstance(self.encoder, Tower):
                return Permanent("The model embeds texts, not images.")
            images = ImageBatch(payload["images"])
            for number in images.notes:
                return Permanent(f"Image {number + 1} cannot be embedded. {images.notes[number]}")
            parts.append(self.encoder.of_images(images))
        vectors = torch.cat(parts)
        return {
            "dimensions": int(vectors.shape[1]),
            "vectors": vectors.numpy().astype("<f4").tobytes(),
        }
