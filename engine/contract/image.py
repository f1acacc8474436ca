"""Capability `image`: an image from a prompt."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self, runtime_checkable

from pydantic import Field

from engine.contract.backend import (
    Artifact,
    Backend,
    BackendInfo,
    Call,
    CallContext,
    PromptedRequest,
    Result,
)
from engine.contract.capability import Capability

MIN_SIDE, MAX_SIDE = 64, 4096
"""Sides of an image in pixels that an operator may ask for."""


def _is_empty(value: tuple[Artifact, ...]) -> bool:
    return not value


def _is_missing(value: Artifact | None) -> bool:
    return value is None


class ImageRequest(PromptedRequest):
    """Asks for one image.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        reference: An image to follow in palette and layout.
        more_references: Further ones, for backends that take several. A field that came later: it
            is left out of the stored request where it is empty, so that earlier fingerprints hold.
        control: An image whose layout it has, for backends with a ControlNet; likewise.
    """

    width: int = Field(ge=MIN_SIDE, le=MAX_SIDE)
    height: int = Field(ge=MIN_SIDE, le=MAX_SIDE)
    reference: Artifact | None = None
    more_references: tuple[Artifact, ...] = Field(default=(), exclude_if=_is_empty)
    control: Artifact | None = Field(default=None, exclude_if=_is_missing)

    def suited_to(self, info: BackendInfo) -> Self:
        """The same with what the backend follows: so many reference images, the first ones."""
        most = info.max_references if isinstance(info, ImageInfo) else 1
        further = self.more_references[: max(0, most - 1)]
        is_laid_out = isinstance(info, ImageInfo) and info.takes_control
        control = self.control if is_laid_out else None
        return self.model_copy(update={"more_references": further, "control": control})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo(BackendInfo):
    """Description of an image backend.

    Attributes:
        max_references: Maximum number of reference images it follows in one request; a request
            with more fails for good.
        follows_layout: True if it takes palette and layout from a reference, and no subjects.
        takes_control: True if it lays an image out by another one, by a ControlNet.
    """

    capability: str = "image"
    max_references: int = 1
    follows_layout: bool = False
    takes_control: bool = False


class GeneratedImage(Result):
    """One image, with the seed that generated it; None if its backend has no seeds."""

    kind: ClassVar[str] = "image"

    image: Artifact
    seed: int | None


@runtime_checkable
class ImageBackend(Backend, Protocol):
    """Generates images."""

    @property
    def info(self) -> ImageInfo:
        """Description of the backend."""
        ...

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Generate the requested image."""
        ...


class ImageProxy:
    """The image capability as a recipe sees it."""

    def __init__(self, backend: ImageBackend) -> None:
        self.backend = backend

    @property
    def max_references(self) -> int:
        """Maximum number of reference images that the backend follows in one request."""
        return self.backend.info.max_references

    def generate(
        self,
        prompt: str,
        *,
        seed: int,
        width: int,
        height: int,
        negative_prompt: str = "",
        reference: Artifact | None = None,
        more_references: Sequence[Artifact] = (),
        control: Artifact | None = None,
        simpler_prompt: str = "",
    ) -> Call[GeneratedImage]:
        """Describe the generation of one image.

        Args:
            prompt: Description of the image.
            seed: Source of its randomness.
            width: Width in pixels.
            height: Height in pixels.
            negative_prompt: Description of what to avoid.
            reference: An image to follow in palette and layout.
            more_references: Further ones.
            control: An image whose layout it has, for backends with a ControlNet.
            simpler_prompt: Prompt for one more attempt of each backend that refuses the first.
        """
        request = ImageRequest(
            prompt=prompt,
            negative_prompt=negative_prompt,
            seed=seed,
            width=width,
            height=height,
            reference=reference,
            more_references=tuple(more_references),
            control=control,
        )
        simpler = request.simplified(simpler_prompt, negative_prompt) if simpler_prompt else None
        return Call(self.backend, "generate", request, GeneratedImage, _generate, simpler=simpler)


def _generate(
    backend: ImageBackend, request: ImageRequest, context: CallContext
) -> Awaitable[GeneratedImage]:
    return backend.generate(request, context)


IMAGE = Capability("image", "Images from a prompt.", ImageBackend, ImageProxy)
"""The capability `image`."""
