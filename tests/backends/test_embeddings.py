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
NAMES = ("openai", "ollama", "gemini")
REQUEST = EmbedRequest(texts=("a red boat", "a blue kite", ""))


def vector(text: str) -> list[float]:
    """A bag of words in sixteen buckets."""
    row = [0.1] + [0.0] * 16
    for one in content_stems(text):
        row[1 + hashlib.sha256(one.encode()).digest()[0] % 16] += 1
    return row


def texts_of(body: dict[str, Any]) -> list[str]:
    """The texts of a request."""
    if "requests" in body:
        return [one["content"]["parts"][0]["text"] for one in body["requests"]]
    return list(body["input"])


@dataclass
class Routes:
    """Embeds as OpenAI, Ollama and Gemini do; `reply` takes the place of their answer."""

    reply: Reply | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if call.path == "/api/tags":
            return Reply({"models": [{"model": "other:latest"}]})
        self.asked.append(call.json)
        if self.reply is not None:
            return self.reply
        if call.path.endswith(":batchEmbedContents"):
            rows = [vector(text) for text in texts_of(call.json)]
            return Reply({"embeddings": [{"values": row} for row in rows]})
        rows = [vector(text) for text in texts_of(call.json)]
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
    given = {"base_url": url, "timeout": 20, **settings}
    keys = {"OPENAI_API_KEY": SECRET, "OLLAMA_API_KEY": SECRET, "GEMINI_API_KEY": SECRET}
    found = EntryPointCatalog().backend("embedding", name, given, keys)
    assert isinstance(found, EmbeddingBackend)
    return found


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


class TestGemini(_Contract):
    name = "gemini"


@pytest.mark.parametrize("name", NAMES)
async def test_vectors_come_in_the_order_of_the_texts(name, server, provider):
    context = MemoryContext()
    result = await backend(name, server, price_input=2, embedding_model="m").embed(REQUEST, context)
    expected = [vector(text) for text in ("a red boat", "a blue kite", " ")]
    assert np.allclose(result.array(), expected)
    [asked] = provider.asked
    assert texts_of(asked) == ["a red boat", "a blue kite", " "]
    assert asked.get("model", "m") == "m"
    counted = name != "gemini"  # it counts no tokens, so they are estimated
    assert (context.spent, context.tokens) == ((18, (9, 0)) if counted else (10, (0, 0)))


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
    body = {"error": words if name == "ollama" else {"message": words, "type": "x"}}
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
    if name == "gemini" and isinstance(rows, list):
        data = [{"values": row} for row in rows]
    if name == "openai" and isinstance(rows, list):
        data = [{"index": at, "embedding": row} for at, row in enumerate(rows)]
    provider.reply = Reply({"data": data} if name == "openai" else {"embeddings": data})
    with pytest.raises((Retryable, OutcomeUnknown)) as caught:
        await backend(name, server).embed(REQUEST, MemoryContext())
    assert "what came" in caught.value.message


@pytest.mark.parametrize("name", NAMES)
async def test_too_many_texts_are_not_sent(name, server, provider):
    limit = 100 if name == "gemini" else MAX_INPUTS
    many = EmbedRequest(texts=("a",) * (limit + 1))
    with pytest.raises(Permanent, match=str(limit)):
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


@pytest.mark.parametrize(
    ("purpose", "task"),
    [
        ("similarity", "SEMANTIC_SIMILARITY"),
        ("query", "RETRIEVAL_QUERY"),
        ("document", "RETRIEVAL_DOCUMENT"),
    ],
)
async def test_gemini_is_told_the_purpose_and_the_length(purpose, task, server, provider):
    made = backend("gemini", server, embedding_dimensions=17)
    await made.embed(REQUEST.model_copy(update={"purpose": purpose}), MemoryContext())
    for one in provider.asked[0]["requests"]:
        assert (one["taskType"], one["outputDimensionality"]) == (task, 17)


async def test_openai_is_told_the_length_only_if_one_is_set(server, provider):
    await backend("openai", server).embed(REQUEST, MemoryContext())
    made = backend("openai", server, embedding_dimensions=17)
    await made.embed(REQUEST, MemoryContext())
    assert [one.get("dimensions") for one in provider.asked] == [None, 17]
    assert (made.info.dimensions, made.info.version) == (17, "1+dimensions=17")
