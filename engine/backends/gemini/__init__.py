"""Google's Gemini: text and vision, by either of Google's two clients."""

from collections.abc import Mapping

from engine.backends.gemini.settings import GeminiSettings
from engine.contract import BackendFamily, TextBackend, VisionBackend

__all__ = ["FAMILY", "GeminiSettings"]


def _text(settings: GeminiSettings, environment: Mapping[str, str]) -> TextBackend:
    from engine.backends.common.writer import ChatTextBackend
    from engine.backends.gemini.clients import gemini_speaker

    return ChatTextBackend(settings, gemini_speaker(settings, environment))


def _vision(settings: GeminiSettings, environment: Mapping[str, str]) -> VisionBackend:
    from engine.backends.common.chat import ChatVisionBackend
    from engine.backends.gemini.clients import gemini_speaker

    return ChatVisionBackend(settings, gemini_speaker(settings, environment))


FAMILY = BackendFamily(
    name="gemini",
    summary="Google's Gemini: text, vision.",
    settings=GeminiSettings,
    factories={"text": _text, "vision": _vision},
)
"""The family, as the entry point `gemini` of `safelight.backends` gives it."""
