"""Settings of the backend `openai`: `[backends.openai]` in `safelight.toml`."""

from pydantic import Field

from engine.backends.common.hearing import HearingSettings
from engine.backends.common.spending import TokenPrices
from engine.text.amounts import price_of

KEY_NAMES = ("OPENAI_API_KEY",)
"""Names of the environment under which the key is looked for."""


class OpenAISettings(HearingSettings):
    """Settings of OpenAI and of servers that speak its language.

    Attributes:
        embedding_model: The model that embeds texts.
        embedding_dimensions: Length of the vectors, for models that can shorten them.
        image_model: The model that makes images.
        image_quality: Its quality, by the provider's own name for it.
        price_image: Dollars for one image: what budgets reserve, and what it has cost where the
            reply counts no tokens or their price is not known.
        price_image_input: Dollars for a million tokens that the image model reads.
        price_image_output: Dollars for a million tokens of image that it writes.
        download_hosts: Hosts that finished images are fetched from, their subdomains included,
            where a reply names an address; those of retired models lie on Azure.
    """

    model: str = Field("gpt-5.6-luna", description="Model, by the provider's own name for it.")
    embedding_model: str = Field("text-embedding-3-small", description="Model that embeds texts.")
    embedding_dimensions: int | None = Field(
        None, ge=1, le=8192, description="Length of the vectors; the model's own by default."
    )
    image_model: str = Field("gpt-image-2.5-flare", description="Model that makes images.")
    image_quality: str | None = Field(
        None, description="Quality of images, by the provider's own name for it."
    )
    price_image: float | None = Field(
        None, ge=0, description="Dollars for one image; unknown by default."
    )
    price_image_input: float | None = Field(
        None, ge=0, description="Dollars for a million tokens that the image model reads."
    )
    price_image_output: float | None = Field(
        None, ge=0, description="Dollars for a million tokens of images that it writes."
    )

    download_hosts: tuple[str, ...] = Field(
        ("blob.core.windows.net",), description="Hosts that finished images are fetched from."
    )

    @property
    def has_image_price(self) -> bool:
        """True if images cost something, wherever the server is."""
        return bool(self.price_image or self.price_image_input or self.price_image_output)

    @property
    def worst(self) -> int | None:
        """Maximum cost of one image, in micro-dollars; None if not known."""
        return None if self.price_image is None else price_of(self.price_image)

    @property
    def usual(self) -> tuple[int, int] | None:
        """Minimum and maximum cost of one image; None if not known."""
        return None if self.worst is None else (self.worst, self.worst)

    def cost_of_image(self, tokens_in: int, tokens_out: int) -> int:
        """Cost of an image by the provider's count of tokens, else by its price per image.

        Args:
            tokens_in: Tokens read, 0 if they were not counted.
            tokens_out: Tokens written, 0 if they were not counted.

        Returns:
            Micro-dollars; 0 if no price is known.
        """
        if not tokens_out or self.price_image_output is None:
            return price_of(self.price_image or 0)
        by_token = TokenPrices(
            price_input=self.price_image_input, price_output=self.price_image_output
        )
        return by_token.microdollars(tokens_in, tokens_out)
