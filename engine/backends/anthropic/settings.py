"""Settings of the backend `anthropic`: `[backends.anthropic]` in `safelight.toml`."""

from typing import Literal

from pydantic import Field

from engine.backends.common.chat import ChatSettings

KEY_NAMES = ("ANTHROPIC_API_KEY",)
"""Names of the environment under which the key is looked for."""


class AnthropicSettings(ChatSettings):
    """Settings of Claude.

    Attributes:
        structured: How a reply in a given shape is asked for: by a JSON schema, or in words only,
            for models and gateways that know no schema.
    """

    model: str = Field("claude-haiku-5-5", description="Model, by Anthropic's own name for it.")
    structured: Literal["schema", "words"] = Field(
        "schema", description="How a reply in a given shape is asked for."
    )
