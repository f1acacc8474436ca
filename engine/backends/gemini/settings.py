"""Settings of the backend `gemini`: `[backends.gemini]` in `safelight.toml`."""

from typing import Literal

from pydantic import Field

from engine.backends.common.chat import ChatSettings

KEY_NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
"""Names of the environment under which the key is looked for."""

Sdk = Literal["google-genai", "google-generativeai"]


class GeminiSettings(ChatSettings):
    """Settings of Gemini.

    Attributes:
        sdk: Which of Google's two clients is used; by default `google-genai` where it is
            installed and `google-generativeai`, which is no longer developed, where only that is.
    """

    model: str = Field("gemini-3.8-flash", description="Model, by Google's own name for it.")
    sdk: Literal["auto", "google-genai", "google-generativeai"] = Field(
        "auto", description="Which of Google's clients is used."
    )
