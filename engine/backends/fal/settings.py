"""Settings of fal: `[backends.fal]` in `safelight.toml`."""

from typing import Annotated, Any

from pydantic import Field

from engine.backends.common.download import ImageSettings
from engine.backends.common.remote_sound import SoundPriceSettings
from engine.backends.common.remote_video import VideoPriceSettings
from engine.contract.video import MAX_SECONDS
from engine.text.amounts import price_of

QUEUE_URL = "https://queue.fal.run"
KEYS = ("FAL_KEY", "FAL_AI_API_KEY")
ENDPOINT = r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)+$"

Length = Annotated[float, Field(gt=0, le=MAX_SECONDS)]
"""Length of a clip in seconds."""


class FalSettings(ImageSettings, SoundPriceSettings, VideoPriceSettings):
    """Settings of fal.

    Attributes:
        model: The model's id, for example `fal-ai/flux/dev`.
        reference_model: The model asked where a request has a reference image.
        reference_field: The input that takes the reference image.
        arguments: Inputs of the model beyond those that every request fills; they win.
        price_per_second: Dollars for a second of the model's own time, for models priced so.
        max_seconds: Seconds of its time that an image takes at most; what budgets reserve.
        audio_model: The model of sounds, for example `fal-ai/stable-audio-25/text-to-audio`.
        audio_arguments: Inputs of the model of sounds beyond those that every request fills.
        video_model: The model of clips, for example `fal-ai/veo3.1/fast/image-to-video`.
        video_arguments: Inputs of the model of clips beyond those that every request fills.
        video_resolution: Resolution of all clips, as the model names it; by size by default.
        video_lengths: The only lengths in seconds that the model makes, where it is not known.
        poll_seconds: Longest wait between two looks at a request.
        download_hosts: Hosts that finished files are fetched from, their subdomains included.
    """

    model: str = Field(
        "fal-ai/fast-lightning-sdxl", pattern=ENDPOINT, description="Model id, OWNER/APP[/PATH]."
    )
    reference_model: str | None = Field(
        None,
        pattern=ENDPOINT,
        description="Model id where there is a reference image; known for common models.",
    )
    reference_field: str | None = Field(
        None,
        pattern=r"^\w{1,64}$",
        description="Input that takes the reference image; known for common models.",
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="More inputs of the model, as its page names them."
    )
    price_per_second: float | None = Field(
        None, ge=0, description="Dollars for a second of the model's time; unknown by default."
    )
    max_seconds: float = Field(
        60, gt=0, le=3600, description="Seconds of the model's time for an image at most."
    )
    audio_model: str = Field(
        "fal-ai/elevenlabs/sound-effects/v2",
        pattern=ENDPOINT,
        description="Id of the model of sounds, OWNER/APP[/PATH].",
    )
    audio_arguments: dict[str, Any] = Field(
        default_factory=dict,
        description="More inputs of the model of sounds, as its page names them.",
    )
    video_model: str = Field(
        "fal-ai/kling-video/v2.5-turbo/pro/image-to-video",
        pattern=ENDPOINT,
        description="Id of the model of clips, OWNER/APP[/PATH].",
    )
    video_arguments: dict[str, Any] = Field(
        default_factory=dict,
        description="More inputs of the model of clips, as its page names them.",
    )
    video_resolution: str | None = Field(
        None,
        pattern=r"^\w{2,12}$",
        description="Resolution of clips, such as 720p; by the size asked for by default.",
    )
    video_lengths: tuple[Length, ...] = Field(
        (), description="Lengths in seconds that the model makes; known for common models."
    )
    poll_seconds: float = Field(
        1.0, gt=0, le=60, description="Longest wait between two looks at a request."
    )
    download_hosts: tuple[str, ...] = Field(
        ("fal.media",), description="Hosts that finished files are fetched from."
    )

    @property
    def worst(self) -> int | None:
        """Maximum cost of one image, in micro-dollars; None if it is not known."""
        if self.price_per_second is None:
            return super().worst
        return self.cost + price_of(self.price_per_second * self.max_seconds)

    @property
    def usual(self) -> tuple[int, int] | None:
        """Minimum and maximum cost of an image; None if it is not known."""
        return None if self.worst is None else (self.cost, self.worst)
