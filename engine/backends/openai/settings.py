"""Settings of the backend `openai`: `[backends.openai]` in `safelight.toml`."""

from pydantic import Field

from engine.backends.common.chat import ChatSettings

KEY_NAMES = ("OPENAI_API_KEY",)
"""Names of the environment under which the key is looked for."""


class OpenAISettings(ChatSettings):
    """Settings of OpenAI and of servers that speak its language.

    Attributes:
        image_model: The model that makes pictures.
        image_quality: Its quality, by the provider's own name for it.
        price_image: Dollars for one picture.
    """

    model: str = Field("gpt-5.6-luna", description="Model, by the provider's own name for it.")
    image_model: str = Field("gpt-image-2.5-flare", description="Model that makes pictures.")
    image_quality: str | None = Field(
        None, description="Quality of pictures, by the provider's own name for it."
    )
    price_image: float | None = Field(
        None, ge=0, description="Dollars for one picture; unknown by default."
    )
