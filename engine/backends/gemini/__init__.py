"""Google's Gemini: text and vision by either of Google's two clients, embedding by the newer."""

from collections.abc import Mapping

from engine.backends.gemini.settings import GeminiSettings
from engine.contract import BackendFamily, ChatBackend
from engine.contract.embedding import EmbeddingBackend

__all__ = ["FAMILY", "GeminiSettings"]


def _text(settings: GeminiSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.common.chat import RemoteChatBackend
    from engine.backends.gemini.clients import gemini_speaker

    return RemoteChatBackend(settings, gemini_speaker(settings, environment), "text")


def _vision(settings: GeminiSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.common.chat import RemoteChatBackend
    from engine.backends.gemini.clients import gemini_speaker

    return RemoteChatBackend(settings, gemini_speaker(settings, environment), "vision")


def _embedding(settings: GeminiSettings, environment: Mapping[str, str]) -> EmbeddingBackend:
    from engine.backends.common.embedding import RemoteEmbedder
    from engine.backends.gemini.embeddings import GeminiEmbeddings

    client = GeminiEmbeddings(settings, environment)
    model, dimensions = settings.embedding_model, settings.embedding_dimensions
    return RemoteEmbedder(settings, client, model, dimensions)


FAMILY = BackendFamily(
    name="gemini",
    summary="Google's Gemini: text, vision, embedding.",
    settings=GeminiSettings,
    factories={"text": _text, "vision": _vision, "embedding": _embedding},
)
"""The family, as the entry point `gemini` of `safelight.backends` gives it."""
