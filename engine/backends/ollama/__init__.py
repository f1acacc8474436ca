"""Models that run on one's own machine under Ollama: text and vision."""

from collections.abc import Mapping

from engine.backends.ollama.settings import OllamaSettings
from engine.contract import BackendFamily, ChatBackend
from engine.contract.embedding import EmbeddingBackend

__all__ = ["FAMILY", "OllamaSettings"]


def _text(settings: OllamaSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.common.chat import RemoteChatBackend
    from engine.backends.ollama.chat import OllamaChatClient

    return RemoteChatBackend(settings, OllamaChatClient(settings, environment), "text")


def _vision(settings: OllamaSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.common.chat import RemoteChatBackend
    from engine.backends.ollama.chat import OllamaChatClient

    return RemoteChatBackend(settings, OllamaChatClient(settings, environment), "vision")


def _embedding(settings: OllamaSettings, environment: Mapping[str, str]) -> EmbeddingBackend:
    from engine.backends.common.embedding import RemoteEmbedder
    from engine.backends.ollama.embeddings import OllamaEmbeddings

    client = OllamaEmbeddings(settings, environment)
    return RemoteEmbedder(settings, client, settings.embedding_model)


FAMILY = BackendFamily(
    name="ollama",
    summary="Models under Ollama on one's own machine: text, vision, embedding; needs no key.",
    settings=OllamaSettings,
    factories={"text": _text, "vision": _vision, "embedding": _embedding},
)
"""The family, as the entry point `ollama` of `safelight.backends` gives it."""
