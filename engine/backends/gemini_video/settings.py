"""Settings of Gemini's video models: `[backends.gemini-video]` in `safelight.toml`."""

from typing import Literal

from pydantic import Field

from engine.backends.common.remote_video import VideoPriceSettings

API_URL = "https://generativelanguage.googleapis.com"
KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")

RESOLUTIONS = {"360p": 0.34, "720p": 1.0, "1080p": 1.5, "4k": 3.0}
"""Price of a clip of each resolution, as a multiple of one of 720p.

Of Gemini Omni 1.1 and 1.2 (https://wavespeed.ai/blog/ai-models/gemini-omni-1-1-flash-api/, November
2026).
"""


class GeminiVideoSettings(VideoPriceSettings):
    """Settings of Gemini's video models.

    Attributes:
        model: The model's id, one that the Interactions API serves.
        resolution: Resolution of all clips; by the size asked for by default.
        max_seconds: Maximum length of a clip in seconds.
        poll_seconds: Longest wait between two looks at a request.
        download_hosts: Hosts that finished files are fetched from besides the API's own.
    """

    model: str = Field(
        "gemini-omni-1.2-flash", pattern=r"^[\w./-]{1,120}$", description="Model id."
    )
    resolution: Literal["360p", "720p", "1080p", "4k"] | None = Field(
        None, description="Resolution of clips; by the size asked for by default."
    )
    max_seconds: int = Field(
        15, ge=3, le=60, description="Maximum length of a clip in seconds; Omni 1.1 makes 10."
    )
    poll_seconds: float = Field(
        5.0, gt=0, le=60, description="Longest wait between two looks at a request."
    )
    download_hosts: tuple[str, ...] = Field(
        ("googleapis.com",), description="Hosts that finished files are fetched from."
    )

    @property
    def longest(self) -> int:
        """Maximum length of a clip of the model, in seconds."""
        return min(self.max_seconds, 10) if "omni-1.1" in self.model else self.max_seconds
