"""Our own chat backends keep the contract: they run an agent that they have never seen."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from engine.testing.backend_contracts import ChatBackendContract
from tests.backends import chat_cases
from tests.support.providers.chat import Script
from tests.support.providers.server import ProviderServer


class _Chat(ChatBackendContract):
    """A chat backend, beside a server of this machine that speaks its wire format."""

    provider: ClassVar[chat_cases.Provider]

    @pytest.fixture(autouse=True)
    def _with_server(self) -> Iterator[None]:
        routes = self.provider.route(Script([{"summary": "A boat at dawn."}]))
        with ProviderServer(routes) as server:
            self.server = server
            yield

    def make_backend(self) -> Any:
        return self.provider.backend(self.server, "text")


class TestOpenAI(_Chat):
    provider = chat_cases.OPENAI


class TestAnthropic(_Chat):
    provider = chat_cases.ANTHROPIC


class TestGemini(_Chat):
    provider = chat_cases.GENAI


class TestOldGemini(_Chat):
    provider = chat_cases.GENERATIVEAI


class TestOllama(_Chat):
    provider = chat_cases.OLLAMA
