"""Google's Gemini: text and vision, by either of Google's two clients."""

from collections.abc import Mapping

from engine.backends.gemini.settings import GeminiSettings
from engine.contract import BackendFamily, ChatBackend

__all__ = ["FAMILY", "GeminiSettings"]


def _text(settings: GeminiSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.common.chat import RemoteChatBackend
    from engine.backends.gemini.clients import gemini_speaker

    return RemoteChatBackend(settings, gemini_speaker(settings, environment), "text")


def _vision(settings: GeminiSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.common.chat import RemoteChatBackend
    from engine.backends.gemini.clients import gemini_speaker

    return RemoteChatBackend(settings, gemini_speaker(settings, environment), "vision")


FAMILY = BackendFamily(
    name="gemini",
    summary="Google's Gemini: text, vision.",
    settings=GeminiSettings,
    factories={"text": _text, "vision": _vision},
)
"""The family, as the entry point `gemini` of `safelight.backends` gives it."""
