"""Settings of the backend `anthropic`: `[backends.anthropic]` in `safelight.toml`."""

from pydantic import Field

from engine.backends.common.chat import ChatSettings

KEY_NAMES = ("ANTHROPIC_API_KEY",)
"""Names of the environment under which the key is looked for."""


class AnthropicSettings(ChatSettings):
    """Settings of Claude, which knows schemas and no other mode: `json` is as `words`."""

    model: str = Field("claude-haiku-5-5", description="Model, by Anthropic's own name for it.")
