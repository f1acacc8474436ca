"""Video backends of providers, and what their clips cost."""

from collections.abc import Iterable
from typing import ClassVar, Generic, Protocol, TypeVar

from pydantic import Field

from engine.backends.common.download import CLIPS, Medium
from engine.backends.common.remote import RemoteBackend, RemoteBackendSettings
from engine.backends.common.settings import RemoteSettings
from engine.backends.common.videos import (
    MAX_BYTES,
    clip_notes,
    last_frame,
    legal_trouble,
    missing_decoders,
)
from engine.contract import CallContext, MissingRequirement, OpenFile, Permanent
from engine.contract.video import GeneratedVideo, VideoInfo, VideoRequest
from engine.text.amounts import price_of

ROLE, LAST_IMAGE = "video", "last-image"
"""Roles of the stored clip and of its last frame in their step."""


class VideoPriceSettings(RemoteSettings):
    """Settings of a remote backend that sells clips.

    Attributes:
        price_per_video: Dollars for a clip, whatever its length.
        price_per_video_second: Dollars for a second of a clip, for models priced so.
    """

    price_per_video: float | None = Field(
        None, ge=0, description="Dollars for one clip of any length; unknown by default."
    )
    price_per_video_second: float | None = Field(
        None, ge=0, description="Dollars for a second of a clip; unknown by default."
    )

    def video_cost(self, seconds: float, factor: float = 1.0) -> int | None:
        """Return the cost of a clip in micro-dollars; None if no price is known.

        Args:
            seconds: Its length.
            factor: Its price as a multiple of that of an ordinary clip of the model.
        """
        each, per_second = self.price_per_video, self.price_per_video_second
        if each is None and per_second is None:
            return None
        return price_of(round(factor * ((each or 0) + (per_second or 0) * seconds), 12))


class VideoSeller(RemoteBackendSettings, Protocol):
    """Settings of a video backend of a provider."""

    def video_cost(self, seconds: float, factor: float = 1.0) -> int | None:
        """Return the cost of a clip in micro-dollars; None if no price is known."""
        ...

    def asks_about(self, worst: int | None) -> bool:
        """Return True if a call of unknown outcome is asked about instead of repeated."""
        ...


SellerT = TypeVar("SellerT", bound=VideoSeller)


class RemoteVideoBackend(RemoteBackend[SellerT], Generic[SellerT]):
    """Video backend of a provider.

    Attributes:
        info: Description of the backend.
    """

    medium: ClassVar[Medium] = CLIPS
    max_bytes: ClassVar[int] = MAX_BYTES

    info: VideoInfo

    def price_factor(self, request: VideoRequest) -> float:
        """Return the price of a clip as a multiple of that of an ordinary one."""
        return 1.0

    def usual_factors(self) -> Iterable[tuple[float, float]]:
        """Return lengths in seconds and price factors between which all clips are."""
        shortest, longest = self.info.longest_within(0.0), self.info.shortest_from(1e9)
        return (shortest, 1.0), (longest, 1.0)

    def worst_cost(self, request: VideoRequest) -> int | None:
        """Return the cost of a clip in micro-dollars; None if no price is known."""
        return self.settings.video_cost(request.seconds, self.price_factor(request))

    def usual_cost(self) -> tuple[int, int] | None:
        """Return the cost of the cheapest and of the dearest clip; None if not known."""
        costs = [self.settings.video_cost(*one) for one in self.usual_factors()]
        known = [one for one in costs if one is not None]
        return (min(known), max(known)) if known else None

    def asks(self, request: VideoRequest) -> bool:
        """Return True if a call of unknown outcome is asked about instead of repeated."""
        return self.info.paid and self.settings.asks_about(self.worst_cost(request))

    def missing(self) -> list[MissingRequirement]:
        """Return the packages or the key, if one is missing; clips are decoded when they come."""
        return [*super().missing(), *missing_decoders()]

    def refuse_trouble(self, request: VideoRequest) -> None:
        """Refuse a request that the model cannot fulfil, before it costs anything.

        Raises:
            Permanent: The length is not legal, or it has files that the model does not take.
        """
        if trouble := legal_trouble(self.info, request):
            raise Permanent(trouble, remedy="Change the request, or choose another model.")


async def keep_clip(
    data: bytes, request: VideoRequest, context: CallContext, *, seed: int | None
) -> GeneratedVideo:
    """Store a clip as it came, and its last frame, with notes on differences.

    Args:
        data: The clip, checked.
        request: Its request.
        context: Context of the call.
        seed: Seed that generated it; None if the model has no seeds.
    """
    video = await context.keep(data, role=ROLE, kind="video")
    del data
    size = video.width or request.width, video.height or request.height
    png = await context.compute(last_frame, OpenFile(video), size)
    last = await context.keep(png, role=LAST_IMAGE)
    notes = clip_notes(video.facts, size, request)
    return GeneratedVideo(video=video, seed=seed, last_image=last, notes=tuple(notes))
