"""Capability `embedding`: texts, images and sounds as vectors of one space."""

import base64
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self, runtime_checkable

from pydantic import Field, model_validator

from engine.contract.backend import (
    Artifact,
    Backend,
    BackendInfo,
    Call,
    CallContext,
    Request,
    Result,
)
from engine.contract.capability import Capability

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

MAX_INPUTS = 2048
"""Inputs of one request at most."""

Modality = Literal["text", "image", "audio"]
"""Something that can be embedded."""

Purpose = Literal["similarity", "query", "document"]
"""Use of the vectors, for models that embed by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingInfo(BackendInfo):
    """Description of an embedding backend.

    Attributes:
        modalities: What it embeds; vectors of all of them can be compared.
        dimensions: Length of its vectors; None if it depends on the inputs.
        max_inputs: Maximum number of inputs of one request.
        max_tokens: Tokens of a text that it reads, the rest being cut; None for no limit.
        comparable: True if vectors of different requests can be compared.
    """

    capability: str = "embedding"
    modalities: frozenset[Modality] = frozenset({"text"})
    dimensions: int | None = None
    max_inputs: int = 256
    max_tokens: int | None = None
    comparable: bool = True


class EmbedRequest(Request):
    """Request for vectors of texts, images and sounds, in this order.

    Attributes:
        texts: Texts.
        images: Images.
        audio: Sounds.
        purpose: Use of the vectors.
    """

    texts: tuple[str, ...] = ()
    images: tuple[Artifact, ...] = ()
    audio: tuple[Artifact, ...] = ()
    purpose: Purpose = "similarity"

    @model_validator(mode="after")
    def _check_count(self) -> Self:
        if not 1 <= self.count <= MAX_INPUTS:
            raise ValueError(f"has {self.count} inputs, not 1 to {MAX_INPUTS}")
        return self

    @property
    def count(self) -> int:
        """Number of inputs."""
        return len(self.texts) + len(self.images) + len(self.audio)

    @property
    def modalities(self) -> frozenset[Modality]:
        """Modalities of the inputs."""
        given: dict[Modality, int] = {
            "text": len(self.texts),
            "image": len(self.images),
            "audio": len(self.audio),
        }
        return frozenset(name for name, count in given.items() if count)


class Embeddings(Result):
    """Vectors of the inputs of a request, in their order, as 32-bit floats.

    Attributes:
        dimensions: Length of each vector.
        packed: All vectors one after the other, little-endian, as base64.
        embedder: Backend, model and version.
        comparable: True if they can be compared with vectors of other requests.
    """

    dimensions: int = Field(ge=1)
    packed: str = Field(repr=False)
    embedder: str
    comparable: bool = Field(default=True, exclude_if=bool)

    @classmethod
    def of(cls, vectors: "ArrayLike", embedder: str, *, comparable: bool = True) -> Self:
        """Return the result of vectors.

        Args:
            vectors: One row per input, all of one length, finite numbers.
            embedder: Backend, model and version.
            comparable: True if they can be compared with vectors of other requests.

        Raises:
            ValueError: There is none, they differ in length, or a number is not finite.
        """
        import numpy as np

        rows = np.asarray(vectors, dtype="<f4")
        if rows.ndim != 2 or not rows.size:
            raise ValueError("one row per input is needed, all of one length")
        if not np.isfinite(rows).all():
            raise ValueError("a vector has a number that is not finite")
        packed = base64.b64encode(rows.tobytes()).decode("ascii")
        return cls(
            dimensions=rows.shape[1], packed=packed, embedder=embedder, comparable=comparable
        )

    def array(self) -> "NDArray[np.float32]":
        """Return the vectors as an array of shape (inputs, `dimensions`)."""
        import numpy as np

        data = base64.b64decode(self.packed, validate=True)
        return np.frombuffer(data, "<f4").reshape(-1, self.dimensions).astype(np.float32)

    def similarities(self, other: "Embeddings | None" = None) -> "NDArray[np.float64]":
        """Return the cosine similarity of each vector with each of another result, -1 to 1.

        Args:
            other: The other result, of the same model; None for this one.

        Returns:
            An array of shape (inputs, inputs of the other); 0 if a vector is all zeros.
        """
        mine = _normalised(self.array())
        return mine @ (mine if other is None else _normalised(other.array())).T


def _normalised(vectors: "NDArray[np.float32]") -> "NDArray[np.float64]":
    import numpy as np

    rows = vectors.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths))


@runtime_checkable
class EmbeddingBackend(Backend, Protocol):
    """Embeds texts, images or sounds."""

    @property
    def info(self) -> EmbeddingInfo:
        """Description of the backend."""
        ...

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """Embed the inputs of a request.

        Raises:
            Permanent: It does not embed one of the modalities, or there are too many inputs.
            StepError: It failed otherwise.
        """
        ...


class EmbeddingProxy:
    """The embedding capability as recipes see it."""

    def __init__(self, backend: EmbeddingBackend) -> None:
        self.backend = backend

    @property
    def info(self) -> EmbeddingInfo:
        """Description of the backend: what it embeds, and how much in one request."""
        return self.backend.info

    def embed(self, request: EmbedRequest) -> Call[Embeddings]:
        """Describe the embedding of inputs."""
        return Call(self.backend, "embed", request, Embeddings, _embed)


def _embed(
    backend: EmbeddingBackend, request: EmbedRequest, context: CallContext
) -> Awaitable[Embeddings]:
    return backend.embed(request, context)


EMBEDDING = Capability(
    "embedding", "Texts, images and sounds as vectors.", EmbeddingBackend, EmbeddingProxy
)
"""The capability `embedding`."""
