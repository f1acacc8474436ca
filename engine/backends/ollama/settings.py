"""Settings of the backend `ollama`: `[backends.ollama]` in `safelight.toml`."""

from typing import Literal

from pydantic import Field

from engine.backends.common.chat import ChatSettings


class OllamaSettings(ChatSettings):
    """Settings of Ollama.

    Attributes:
        base_url: Where it is; by default what `OLLAMA_HOST` says, else this machine.
        think: Whether a model that can think does so before it answers, or how much; by default
            as the model does by itself. Part of the fingerprint where it is set.
    """

    model: str = Field("gemma3", description="Model, by Ollama's own name for it.")
    concurrency: int = Field(1, ge=1, le=256, description="Calls in flight at once.")
    timeout: float = Field(
        600, gt=0, le=3600, description="Seconds one call may take, loading the model included."
    )
    think: bool | Literal["low", "medium", "high"] | None = Field(
        None, description="Whether, or how much, the model thinks first; its own way by default."
    )

    @property
    def variant(self) -> str:
        """What tells its answers from those of the same model with other settings."""
        if self.think is None:
            return super().variant
        return f"{super().variant}+think={str(self.think).lower()}"
