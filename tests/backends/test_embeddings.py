"""Embedding backends of providers, by their own clients against a local server."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from engine.backends.common.embedding import MAX_INPUTS
from engine.contract.embedding import EmbeddingBackend, EmbedRequest
from engine.contract.errors import Blocked, OutcomeUnknown, Permanent, Retryable
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.backend_contracts import EmbeddingBackendContract
from engine.testing.context import MemoryContext
from engine.text.words import content_stems
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply

SECRET = "sk-proj-EmbeddingsSecret0123456789"
NAMES = ("openai", "ollama")
REQUEST = EmbedRequest(texts=("a red boat", "a blue kite", ""))


def vector(text: str) -> list[float]:
    """A bag of words in sixteen buckets."""
    row = [0.1] + [0.0] * 16
    for one in content_stems(text):
        row[1 + hashlib.sha256(one.encode()).digest()[0] % 16] += 1
    return row


@dataclass
class Routes:
    """Embeds as OpenAI and Ollama do; `reply` takes the place of their answer."""

    reply: Reply | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if call.path == "/api/tags":
            return Reply({"models": [{"model": "other:latest"}]})
        self.asked.append(call.json)
        if self.reply is not None:
            return self.reply
        rows = [vector(text) for text in call.json["input"]]
        if call.path.endswith("/embeddings"):
            data = [{"index": at, "embedding": row} for at, row in enumerate(rows)]
            usage = {"prompt_tokens": 9, "total_tokens": 9}
            return Reply({"object": "list", "data": data[::-1], "usage": usage})
        return Reply({"model": "m", "embeddings": rows, "prompt_eval_count": 9})


@pytest.fixture
def provider() -> Routes:
    return Routes()


def backend(name: str, server: ProviderServer, **settings: Any) -> EmbeddingBackend:
    url = server.url + ("/v1" if name == "openai" else "")
    options = {"base_url": url, "timeout": 20, **settings}
    keys = {"OPENAI_API_KEY": SECRET, "OLLAMA_API_KEY": SECRET}
    created = EntryPointCatalog().backend("embedding", name, options, keys)
    assert isinstance(created, EmbeddingBackend)
    return created


class _Contract(EmbeddingBackendContract):
    name = ""

    @pytest.fixture(autouse=True)
    def _served(self, server):
        self.server = server

    def make_backend(self) -> EmbeddingBackend:
        return backend(self.name, self.server)


class TestOpenAI(_Contract):
    name = "openai"


class TestOllama(_Contract):
    name = "ollama"


@pytest.mark.parametrize("name", NAMES)
async def test_vectors_come_in_the_order_of_the_texts(name, server, provider):
    context = MemoryContext()
    result = await backend(name, server, price_input=2, embedding_model="m").embed(REQUEST, context)
    expected = [vector(text) for text in ("a red boat", "a blue kite", " ")]
    assert np.allclose(result.array(), expected)
    assert provider.asked[0]["model"] == "m"
    assert provider.asked[0]["input"] == ["a red boat", "a blue kite", " "]
    assert (context.spent, context.tokens) == (18, (9, 0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (401, "Incorrect API key provided", Blocked),
        (429, "Slow down", Retryable),
        (503, "Overloaded", Retryable),
        (400, "input is too long", Permanent),
    ],
)
async def test_a_refusal_is_the_error_that_it_stands_for(name, code, words, kind, server, provider):
    body = {"error": {"message": words, "type": "x"}} if name == "openai" else {"error": words}
    provider.reply = Reply(body, code)
    with pytest.raises(kind) as caught:
        await backend(name, server).embed(REQUEST, MemoryContext())
    assert words in caught.value.message
    assert SECRET not in caught.value.message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "rows", [[], [[1.0, 2.0]], [[1.0], [1.0, 2.0], [3.0]], [[], [], []], "x", None]
)
async def test_a_reply_that_is_not_a_vector_per_text_is_cut_off(name, rows, server, provider):
    data: Any = rows
    if name == "openai" and isinstance(rows, list):
        data = [{"index": at, "embedding": row} for at, row in enumerate(rows)]
    provider.reply = Reply({"data": data} if name == "openai" else {"embeddings": data})
    with pytest.raises((Retryable, OutcomeUnknown)) as caught:
        await backend(name, server).embed(REQUEST, MemoryContext())
    assert "what came" in caught.value.message


@pytest.mark.parametrize("name", NAMES)
async def test_too_many_texts_are_not_sent(name, server, provider):
    many = EmbedRequest(texts=("a",) * (MAX_INPUTS + 1))
    with pytest.raises(Permanent, match=str(MAX_INPUTS)):
        await backend(name, server).embed(many, MemoryContext())
    assert provider.asked == []


async def test_ollama_names_the_model_to_pull(server, provider):
    provider.reply = Reply({"error": 'model "nomic-embed-text" not found, try pulling it'}, 404)
    with pytest.raises(Blocked) as caught:
        await backend("ollama", server).embed(REQUEST, MemoryContext())
    assert "ollama pull nomic-embed-text" in caught.value.remedy


def test_the_worst_cost_bounds_the_tokens_by_bytes(server):
    made = backend("openai", server, price_input=1)
    assert made.worst_cost(EmbedRequest(texts=("é" * 10,))) >= 20
    assert backend("openai", server).worst_cost(REQUEST) is None
