"""Ollama alone: the models that are there, its address, its schema mode."""

import pytest

from engine.backends.ollama.chat import OllamaChatClient, address_of
from engine.backends.ollama.settings import OllamaSettings
from engine.contract import Blocked
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import OLLAMA, judge
from tests.support.providers.ollama_chat import OllamaChat
from tests.support.providers.server import ProviderServer


async def test_a_model_that_is_not_there_gets_the_pull_command() -> None:
    route = OllamaChat(models=("llama3.2:3b", "qwen3:8b"))
    with ProviderServer(route) as server, pytest.raises(Blocked) as caught:
        await judge(OLLAMA.backend(server), MemoryContext())
    assert caught.value.reason == "weights"
    assert "llama3.2:3b, qwen3:8b" in caught.value.message
    assert "ollama pull gemma3" in caught.value.remedy


async def test_the_models_that_are_there_are_listed() -> None:
    with ProviderServer(OllamaChat(models=("b:1", "a:2"))) as server:
        chat_client = OllamaChatClient(OllamaSettings(base_url=server.url), {})
        assert await chat_client.models() == ["a:2", "b:1"]


async def test_a_reply_is_asked_for_by_schema() -> None:
    with ProviderServer(OllamaChat()) as server:
        await judge(OLLAMA.backend(server, temperature=0, max_tokens=500), MemoryContext())
        asked = server.ledger[0].json
    assert asked["format"]["properties"]["score"] == {"type": "number"}
    assert asked["options"] == {"num_predict": 500, "temperature": 0}
    assert asked["stream"] is False


async def test_its_host_comes_from_the_environment() -> None:
    from engine.plugins.catalog import EntryPointCatalog

    with ProviderServer(OllamaChat()) as server:
        environment = {"OLLAMA_HOST": server.url.removeprefix("http://")}
        backend = EntryPointCatalog().backend("vision", "ollama", {}, environment)
        assert backend.missing() == []
        assert not backend.info.paid
        await judge(backend, MemoryContext())
        assert len(server.ledger) == 1


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("0.0.0.0:9999", "http://127.0.0.1:9999"),
        ("localhost:8080/", "http://localhost:8080"),
        ("https://models.example", "https://models.example"),
        ("https://models.example/ollama/", "https://models.example/ollama"),
        ("http://localhost", "http://localhost"),
        (":9999", "http://127.0.0.1:9999"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("[::]:9999", "http://[::1]:9999"),
        ("::1", "http://[::1]:11434"),
        (" '127.0.0.1:' ", "http://127.0.0.1:11434"),
    ],
)
def test_what_a_host_means(host: str, address: str) -> None:
    assert address_of(host) == address


def test_another_machine_over_plain_http_is_not_used() -> None:
    chat_client = OllamaChatClient(OllamaSettings(), {"OLLAMA_HOST": "192.168.1.4"})
    (lack,) = chat_client.missing()
    assert "loopback" in lack.remedy
