"""Anthropic's Claude: text and vision."""

from collections.abc import Mapping

from engine.backends.anthropic.settings import AnthropicSettings
from engine.contract import BackendFamily, TextBackend, VisionBackend

__all__ = ["FAMILY", "AnthropicSettings"]


def _text(settings: AnthropicSettings, environment: Mapping[str, str]) -> TextBackend:
    from engine.backends.anthropic.chat import AnthropicChatClient
    from engine.backends.common.writer import ChatTextBackend

    return ChatTextBackend(settings, AnthropicChatClient(settings, environment))


def _vision(settings: AnthropicSettings, environment: Mapping[str, str]) -> VisionBackend:
    from engine.backends.anthropic.chat import AnthropicChatClient
    from engine.backends.common.chat import ChatVisionBackend

    return ChatVisionBackend(settings, AnthropicChatClient(settings, environment))


FAMILY = BackendFamily(
    name="anthropic",
    summary="Anthropic's Claude: text, vision.",
    settings=AnthropicSettings,
    factories={"text": _text, "vision": _vision},
)
"""The family, as the entry point `anthropic` of `safelight.backends` gives it."""
