"""Settings of Gemini's image models: `[backends.gemini-image]` in `safelight.toml`."""

from typing import Literal

from pydantic import Field

from engine.backends.common.download import ImageSettings
from engine.backends.common.spending import TokenPrices
from engine.text.amounts import price_of

SIZES = {"1K": 1.0, "2K": 1.6, "4K": 3.4}
"""Cost of an image of each size, as a multiple of one of 1K: as many tokens as it has.

Of Nano Banana 2.1, rounded up (https://fal.ai/learn/tools/nano-banana-api); others differ by less.
"""

API_URL = "https://generativelanguage.googleapis.com"
KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


class GeminiImageSettings(TokenPrices, ImageSettings):
    """Settings of Gemini's image models.

    Attributes:
        model: The model's id.
        price_per_image: Dollars for one image of 1K; larger ones cost more by `SIZES`.
        image_size: How large its images are; by default as large as the size asked for needs.
    """

    model: str = Field(
        "gemini-nano-banana-2.1", pattern=r"^[\w./-]{1,120}$", description="Model id."
    )
    image_size: Literal["1K", "2K", "4K"] | None = Field(
        None, description="How large the images are; by the size asked for by default."
    )
    price_per_image: float | None = Field(
        None, ge=0, description="Dollars for one image of 1K; unknown by default."
    )

    def cost_of(self, size: str) -> int:
        """Cost of an image of a size, in micro-dollars; 0 if no price is set."""
        return price_of((self.price_per_image or 0) * SIZES[size])

    def worst_of(self, size: str) -> int | None:
        """Maximum cost; None if it has no price, or one per token."""
        by_token = self.price_input or self.price_output
        return None if self.price_per_image is None or by_token else self.cost_of(size)

    @property
    def worst(self) -> int | None:
        """The most that an image of the size that is set may cost, or of 1K."""
        return self.worst_of(self.image_size or "1K")

    @property
    def usual(self) -> tuple[int, int] | None:
        """Cost of an image of the configured size, or of 1K; None if it is not known."""
        return None if self.worst is None else (self.worst, self.worst)
