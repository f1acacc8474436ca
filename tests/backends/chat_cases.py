"""Shared by the tests of all chat backends: backends, requests, providers."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from engine.plugins.catalog import EntryPointCatalog
from engine.recipes.refine.agents.evaluator import EvaluateRequest, Evaluation
from engine.recipes.refine.agents.refiner import Attempt, RefineRequest
from engine.testing.context import MemoryContext
from tests.support.agents import run_agent
from tests.support.providers.anthropic_messages import AnthropicMessages
from tests.support.providers.gemini_content import GeminiContent
from tests.support.providers.ollama_chat import OllamaChat
from tests.support.providers.openai_chat import OpenAIChat
from tests.support.providers.server import ProviderServer

BRIEF = "a red barn under a full moon, in snow"


def png(width: int = 32, height: int = 32) -> bytes:
    """An image."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), (180, 40, 30)).save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class Provider:
    """One backend of chat models and what stands in for its provider.

    Attributes:
        label: How a test's name says it.
        name: The backend.
        route: The class of its routes.
        key: A key with the shape of its own.
        key_name: Where that is looked for.
        path: Of its one call.
        base: What is added to the server's address for `base_url`.
        settings: More settings.
        length: Its word for a reply that is cut off at the limit of tokens.
        refusal: Its word for a reply that is refused.
    """

    label: str
    name: str
    route: Any
    key: str
    key_name: str
    path: str
    base: str = ""
    settings: Mapping[str, Any] = ()  # type: ignore[assignment]
    length: str = "length"
    refusal: str = ""

    def backend(self, server: ProviderServer, capability: Any = "vision", **settings: Any) -> Any:
        """The backend, pointed at a server."""
        chosen = {"base_url": server.url + self.base, "timeout": 60, **dict(self.settings)}
        environment = {self.key_name: self.key}
        return EntryPointCatalog().backend(
            capability, self.name, {**chosen, **settings}, environment
        )


OPENAI = Provider(
    "openai",
    "openai",
    OpenAIChat,
    "sk-proj-Zx81mQpLr77TnVbYw2Kd",
    "OPENAI_API_KEY",
    "/v1/chat/completions",
    base="/v1",
    refusal="refusal",
)
ANTHROPIC = Provider(
    "anthropic",
    "anthropic",
    AnthropicMessages,
    "sk-ant-api03-Qw45rTyUiOp99AsDfGh",
    "ANTHROPIC_API_KEY",
    "/v1/messages",
    length="max_tokens",
    refusal="refusal",
)
GENAI = Provider(
    "google-genai",
    "gemini",
    GeminiContent,
    "AIzaSyB3kLmN0pQrStUvWxYz1234567890abcde",
    "GEMINI_API_KEY",
    "/v1beta/models/gemini-3.8-flash:generateContent",
    settings={"sdk": "google-genai"},
    length="MAX_TOKENS",
    refusal="SAFETY",
)
GENERATIVEAI = Provider(
    "google-generativeai",
    "gemini",
    GeminiContent,
    GENAI.key,
    "GOOGLE_API_KEY",
    GENAI.path,
    settings={"sdk": "google-generativeai"},
    length="MAX_TOKENS",
    refusal="SAFETY",
)
OLLAMA = Provider(
    "ollama", "ollama", OllamaChat, "ollama-key-4f5e6d7c", "OLLAMA_API_KEY", "/api/chat"
)
PROVIDERS = (OPENAI, ANTHROPIC, GENAI, GENERATIVEAI, OLLAMA)
WITH_KEY = PROVIDERS[:-1]


async def judge(backend: Any, context: MemoryContext, brief: str = BRIEF) -> Evaluation:
    """Lets a backend judge an image."""
    request = EvaluateRequest(image=context.give(png()), brief=brief)
    found: Evaluation = await run_agent(backend, "evaluate", request, context)
    return found


def attempts(brief: str = BRIEF) -> RefineRequest:
    """A brief with one attempt."""
    judged = Evaluation(
        score=41, description="A barn.", missing=("the moon",), reasons=("No moon.",), scorer="x"
    )
    return RefineRequest(brief=brief, attempts=(Attempt(prompt="a barn", evaluation=judged),))
