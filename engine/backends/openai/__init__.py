"""OpenAI, and every server that speaks its language: llama.cpp, vLLM, LM Studio, OpenRouter."""

from collections.abc import Mapping

from engine.backends.openai.settings import OpenAISettings
from engine.contract import BackendFamily, ChatBackend, ImageBackend
from engine.contract.embedding import EmbeddingBackend

__all__ = ["FAMILY", "OpenAISettings"]


def _text(settings: OpenAISettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.common.chat import RemoteChatBackend
    from engine.backends.openai.chat import OpenAIChatClient

    return RemoteChatBackend(settings, OpenAIChatClient(settings, environment), "text")


def _vision(settings: OpenAISettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.common.chat import RemoteChatBackend
    from engine.backends.openai.chat import OpenAIChatClient

    return RemoteChatBackend(settings, OpenAIChatClient(settings, environment), "vision")


def _image(settings: OpenAISettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.openai.images import OpenAIImages

    return OpenAIImages(settings, environment)


def _embedding(settings: OpenAISettings, environment: Mapping[str, str]) -> EmbeddingBackend:
    from engine.backends.common.embedding import RemoteEmbedder
    from engine.backends.openai.embeddings import OpenAIEmbeddings

    client = OpenAIEmbeddings(settings, environment)
    model, dimensions = settings.embedding_model, settings.embedding_dimensions
    return RemoteEmbedder(settings, client, model, dimensions)


FAMILY = BackendFamily(
    name="openai",
    summary="OpenAI, llama.cpp, vLLM, OpenRouter and others: text, vision, image, embedding.",
    settings=OpenAISettings,
    factories={"text": _text, "vision": _vision, "image": _image, "embedding": _embedding},
)
"""The family, as the entry point `openai` of `safelight.backends` gives it."""
