"""Google alone: two clients, its quotas, its blocks, keys that are wrong with a 400."""

import importlib.util
from typing import Any

import pytest

from engine.backends.gemini.clients import chosen_sdk
from engine.backends.gemini.settings import GeminiSettings
from engine.contract import Blocked, Permanent, Retryable
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import GENAI, GENERATIVEAI, Provider, judge
from tests.support.providers.gemini_content import GeminiContent, error, quota
from tests.support.providers.misbehaviour import status
from tests.support.providers.server import ProviderServer

both = pytest.mark.parametrize("provider", [GENAI, GENERATIVEAI], ids=lambda one: one.label)


async def failing(provider: Provider, server: ProviderServer) -> Any:
    with pytest.raises((Blocked, Permanent, Retryable)) as caught:
        await judge(provider.backend(server), MemoryContext())
    return caught.value


@both
async def test_a_reply_is_asked_for_by_schema(provider: Provider) -> None:
    with ProviderServer(GeminiContent(key=provider.key)) as server:
        await judge(provider.backend(server, temperature=0.5), MemoryContext())
        (call,) = server.ledger
    config = call.json["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    schema = config.get("responseJsonSchema") or config["responseSchema"]
    assert sorted(schema["required"]) == ["description", "missing", "reasons", "score"]
    assert config["temperature"] == 0.5
    assert config["maxOutputTokens"] == 8192
    assert provider.key not in call.target


@both
async def test_it_can_be_asked_for_in_words_only(provider: Provider) -> None:
    with ProviderServer(GeminiContent()) as server:
        await judge(provider.backend(server, structured="words"), MemoryContext())
        assert "responseMimeType" not in server.ledger[0].json["generationConfig"]


@both
async def test_a_wrong_key_is_known_by_its_reason(provider: Provider) -> None:
    with ProviderServer(GeminiContent(key="another")) as server:
        found = await failing(provider, server)
    assert isinstance(found, Blocked)
    assert found.reason == "key"
    assert "GEMINI_API_KEY or GOOGLE_API_KEY" in found.remedy


@both
async def test_a_minute_s_quota_passes_and_a_day_s_does_not(provider: Provider) -> None:
    with ProviderServer(GeminiContent()) as server:
        minute = quota("GenerateRequestsPerMinutePerProjectPerModel", "34.5s")
        server.misbehave(status(429, minute))
        found = await failing(provider, server)
        assert isinstance(found, Retryable)
        assert found.retry_after == 34.5
        server.misbehave(status(429, quota("GenerateRequestsPerDayPerProjectPerModel", "20s")))
        found = await failing(provider, server)
        assert isinstance(found, Blocked)
        assert found.reason == "quota"


@both
async def test_an_account_without_billing_blocks(provider: Provider) -> None:
    body = error(400, "Please enable billing on your project.", "FAILED_PRECONDITION")
    with ProviderServer(GeminiContent()) as server:
        server.misbehave(status(400, body))
        found = await failing(provider, server)
    assert isinstance(found, Blocked)
    assert found.reason == "quota"


@both
@pytest.mark.parametrize(
    ("code", "said", "name", "reason"),
    [
        (429, "Quota exceeded for metric: m, limit: 0, model: g", "RESOURCE_EXHAUSTED", "quota"),
        (429, "Your project has exceeded its spending cap.", "RESOURCE_EXHAUSTED", "quota"),
        (429, "Your prepayment credits are depleted.", "RESOURCE_EXHAUSTED", "quota"),
        (400, "User location is not supported.", "FAILED_PRECONDITION", "backend"),
    ],
)
async def test_limits_that_waiting_does_not_lift_block(
    provider: Provider, code: int, said: str, name: str, reason: str
) -> None:
    with ProviderServer(GeminiContent()) as server:
        server.misbehave(status(code, error(code, said, name)))
        found = await failing(provider, server)
    assert isinstance(found, Blocked)
    assert found.reason == reason


@both
async def test_another_precondition_is_the_request_s_own(provider: Provider) -> None:
    with ProviderServer(GeminiContent()) as server:
        server.misbehave(
            status(400, error(400, "Precondition check failed.", "FAILED_PRECONDITION"))
        )
        assert isinstance(await failing(provider, server), Permanent)


@both
async def test_a_blocked_prompt_is_permanent_with_its_reason(provider: Provider) -> None:
    route = GeminiContent()
    route.blocked = "PROHIBITED_CONTENT"
    with ProviderServer(route) as server:
        found = await failing(provider, server)
    assert isinstance(found, Permanent)
    assert "PROHIBITED_CONTENT" in found.message


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        ({"google.genai", "google.generativeai"}, "google-genai"),
        ({"google.genai"}, "google-genai"),
        ({"google.generativeai"}, "google-generativeai"),
        (set(), "google-genai"),
    ],
)
def test_the_newer_client_wins_where_it_is_installed(
    installed: set[str], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in installed or None)
    assert chosen_sdk(GeminiSettings()) == chosen
    assert chosen_sdk(GeminiSettings(sdk="google-generativeai")) == "google-generativeai"
