"""Choice between Google's two clients."""

from collections.abc import Mapping

from engine.backends.common.chat import ChatClient
from engine.backends.common.readiness import has_package
from engine.backends.gemini.chat_client import MODULES
from engine.backends.gemini.settings import GeminiSettings, Sdk


def chosen_sdk(settings: GeminiSettings) -> Sdk:
    """Return the client that is set, else the newer one that is installed."""
    if settings.sdk != "auto":
        return settings.sdk
    newer = has_package(MODULES["google-genai"])
    return (
        "google-genai"
        if newer or not has_package(MODULES["google-generativeai"])
        else ("google-generativeai")
    )


def gemini_speaker(settings: GeminiSettings, environment: Mapping[str, str]) -> ChatClient:
    """Return the chat client by the chosen one of Google's clients."""
    sdk = chosen_sdk(settings)
    if sdk == "google-genai":
        from engine.backends.gemini.genai import GenaiChatClient

        return GenaiChatClient(settings, environment, sdk)
    from engine.backends.gemini.generativeai import GenerativeaiChatClient

    return GenerativeaiChatClient(settings, environment, sdk)
