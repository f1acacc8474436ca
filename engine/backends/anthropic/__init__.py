"""Anthropic's Claude: text and vision."""

from collections.abc import Mapping

from engine.backends.anthropic.settings import AnthropicSettings
from engine.contract import BackendFamily, ChatBackend

__all__ = ["FAMILY", "AnthropicSettings"]


def _text(settings: AnthropicSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.anthropic.chat import AnthropicChatClient
    from engine.backends.common.chat import RemoteChatBackend

    return RemoteChatBackend(settings, AnthropicChatClient(settings, environment), "text")


def _vision(settings: AnthropicSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.anthropic.chat import AnthropicChatClient
    from engine.backends.common.chat import RemoteChatBackend

    return RemoteChatBackend(settings, AnthropicChatClient(settings, environment), "vision")


FAMILY = BackendFamily(
    name="anthropic",
    summary="Anthropic's Claude: text, vision.",
    settings=AnthropicSettings,
    factories={"text": _text, "vision": _vision},
)
"""The family, as the entry point `anthropic` of `safelight.backends` gives it."""
