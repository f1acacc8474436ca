"""Models that run on one's own machine under Ollama: text and vision."""

from collections.abc import Mapping

from engine.backends.ollama.settings import OllamaSettings
from engine.contract import BackendFamily, TextBackend, VisionBackend

__all__ = ["FAMILY", "OllamaSettings"]


def _text(settings: OllamaSettings, environment: Mapping[str, str]) -> TextBackend:
    from engine.backends.common.writer import ChatTextBackend
    from engine.backends.ollama.chat import OllamaChatClient

    return ChatTextBackend(settings, OllamaChatClient(settings, environment))


def _vision(settings: OllamaSettings, environment: Mapping[str, str]) -> VisionBackend:
    from engine.backends.common.chat import ChatVisionBackend
    from engine.backends.ollama.chat import OllamaChatClient

    return ChatVisionBackend(settings, OllamaChatClient(settings, environment))


FAMILY = BackendFamily(
    name="ollama",
    summary="Models under Ollama on one's own machine: text, vision; needs no key.",
    settings=OllamaSettings,
    factories={"text": _text, "vision": _vision},
)
"""The family, as the entry point `ollama` of `safelight.backends` gives it."""
