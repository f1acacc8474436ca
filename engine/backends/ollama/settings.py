"""Settings of the backend `ollama`: `[backends.ollama]` in `safelight.toml`."""

from pydantic import Field

from engine.backends.common.chat import ChatSettings


class OllamaSettings(ChatSettings):
    """Settings of Ollama.

    Attributes:
        base_url: Where it is; by default what `OLLAMA_HOST` says, else this machine.
    """

    model: str = Field("gemma3", description="Model, by Ollama's own name for it.")
    concurrency: int = Field(1, ge=1, le=256, description="Calls in flight at once.")
    timeout: float = Field(
        600, gt=0, le=3600, description="Seconds one call may take, loading the model included."
    )
