"""Settings of the backend `ollama`: `[backends.ollama]` in `safelight.toml`."""

from typing import Literal

from pydantic import Field

from engine.backends.common.chat import ChatSettings


class OllamaSettings(ChatSettings):
    """Settings of Ollama.

    Attributes:
        embedding_model: The model that embeds texts, by Ollama's own name for it.
        base_url: Where it is; by default what `OLLAMA_HOST` says, else this machine.
        think: Thinking before the answer, for models that can: on, off or how much. The model's
            own way by default; part of the fingerprint if it is set.
    """

    model: str = Field("gemma3", description="Model, by Ollama's own name for it.")
    embedding_model: str = Field("nomic-embed-text", description="Model that embeds texts.")
    concurrency: int = Field(1, ge=1, le=256, description="Calls in flight at once.")
    timeout: float = Field(
        600, gt=0, le=3600, description="Seconds one call may take, loading the model included."
    )
    think: bool | Literal["low", "medium", "high"] | None = Field(
        None,
        description="Thinking first: true, false or how much; by default as the model does.",
    )

    @property
    def variant(self) -> str:
        """Suffix of the version for settings that change answers."""
        if self.think is None:
            return super().variant
        return f"{super().variant}+think={str(self.think).lower()}"
