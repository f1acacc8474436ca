"""Settings of the backend `gemini`: `[backends.gemini]` in `safelight.toml`."""

from typing import Literal

from pydantic import Field

from engine.backends.common.hearing import HearingSettings

KEY_NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
"""Names of the environment under which the key is looked for."""

Sdk = Literal["google-genai", "google-generativeai"]


class GeminiSettings(HearingSettings):
    """Settings of Gemini.

    Attributes:
        embedding_model: The model that embeds texts.
        embedding_dimensions: Length of the vectors, for models that can shorten them.
        sdk: Which of Google's two clients is used; by default `google-genai` where it is
            installed and `google-generativeai`, which is no longer developed, where only that is.
    """

    model: str = Field("gemini-3.8-flash", description="Model, by Google's own name for it.")
    embedding_model: str = Field("gemini-embedding-001", description="Model that embeds texts.")
    embedding_dimensions: int | None = Field(
        None, ge=1, le=8192, description="Length of the vectors; the model's own by default."
    )
    sdk: Literal["auto", "google-genai", "google-generativeai"] = Field(
        "auto", description="Which of Google's clients is used."
    )
