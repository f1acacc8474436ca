"""OpenAI alone: schema modes, limits of tokens, its words for refusals and quota."""

import pytest

from engine.contract import Blocked, Permanent
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import OPENAI, judge
from tests.support.providers.chat import Script
from tests.support.providers.misbehaviour import status
from tests.support.providers.openai_chat import OpenAIChat, error
from tests.support.providers.server import ProviderServer


async def test_a_reply_is_asked_for_by_schema() -> None:
    with ProviderServer(OpenAIChat()) as server:
        context = MemoryContext()
        await judge(OPENAI.backend(server, temperature=0), context)
        assert context.request_id == "req_0"
        asked = server.ledger[0].json
    assert asked["response_format"]["type"] == "json_schema"
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert asked["max_tokens"] == 8192  # compatible servers know this name, OpenAI the other
    assert asked["temperature"] == 0
    assert "max_completion_tokens" not in asked


@pytest.mark.parametrize(("mode", "kind"), [("json", {"type": "json_object"}), ("words", None)])
async def test_servers_without_schemas_are_asked_otherwise(mode: str, kind: object) -> None:
    with ProviderServer(OpenAIChat()) as server:
        await judge(OPENAI.backend(server, structured=mode), MemoryContext())
        asked = server.ledger[0].json
    assert asked.get("response_format") == kind
    assert "temperature" not in asked


async def test_the_key_goes_out_as_a_bearer_and_is_checked() -> None:
    with ProviderServer(OpenAIChat(key=OPENAI.key)) as server:
        await judge(OPENAI.backend(server), MemoryContext())
        assert server.ledger[0].headers["authorization"] == f"Bearer {OPENAI.key}"
    with ProviderServer(OpenAIChat(key="another")) as server:
        with pytest.raises(Blocked) as caught:
            await judge(OPENAI.backend(server), MemoryContext())
        assert caught.value.reason == "key"
        assert "OPENAI_API_KEY" in caught.value.remedy


async def test_an_exhausted_quota_is_no_matter_of_waiting() -> None:
    said = "You exceeded your current quota, please check your plan and billing details."
    with ProviderServer(OpenAIChat()) as server:
        server.misbehave(status(429, error(said, "insufficient_quota", "insufficient_quota")))
        with pytest.raises(Blocked) as caught:
            await judge(OPENAI.backend(server), MemoryContext())
    assert caught.value.reason == "quota"


async def test_content_that_is_refused_by_status() -> None:
    with ProviderServer(OpenAIChat()) as server:
        server.misbehave(status(400, error("Not allowed.", "content_policy_violation")))
        with pytest.raises(Permanent, match="refused the request: Not allowed"):
            await judge(OPENAI.backend(server), MemoryContext())


async def test_a_filter_s_stop_is_a_refusal() -> None:
    route = OpenAIChat(Script(ended="content_filter"))
    with ProviderServer(route) as server, pytest.raises(Permanent, match="content filter"):
        await judge(OPENAI.backend(server), MemoryContext())


async def test_a_model_that_is_not_there_blocks() -> None:
    with ProviderServer() as server, pytest.raises(Blocked) as caught:
        await judge(OPENAI.backend(server), MemoryContext())
    assert caught.value.reason == "backend"
    assert "openai.model" in caught.value.remedy
