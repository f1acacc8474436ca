"""Settings of Gemini's image models: `[backends.gemini-image]` in `safelight.toml`."""

from typing import Literal

from pydantic import Field

from engine.backends.common.download import PictureSettings
from engine.backends.common.spending import TokenPrices

API_URL = "https://generativelanguage.googleapis.com"
KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


class GeminiImageSettings(TokenPrices, PictureSettings):
    """Settings of Gemini's image models.

    Attributes:
        model: The model's id.
        image_size: How large its pictures are; by default as large as the size asked for needs.
    """

    model: str = Field(
        "gemini-nano-banana-2.1", pattern=r"^[\w./-]{1,120}$", description="Model id."
    )
    image_size: Literal["1K", "2K", "4K"] | None = Field(
        None, description="How large the pictures are; by the size asked for by default."
    )

    @property
    def worst(self) -> int | None:
        """The most that one picture may cost; None where it has no price, or one by the token."""
        return None if self.price_input or self.price_output else super().worst
