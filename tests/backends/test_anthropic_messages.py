"""Anthropic alone: schema mode, thoughts, its words for credit and overload."""

import pytest

from engine.contract import Blocked, Retryable
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import ANTHROPIC, judge
from tests.support.providers.anthropic_messages import AnthropicMessages, error
from tests.support.providers.misbehaviour import status
from tests.support.providers.server import ProviderServer


async def test_a_reply_is_asked_for_by_schema() -> None:
    with ProviderServer(AnthropicMessages(key=ANTHROPIC.key)) as server:
        context = MemoryContext()
        await judge(ANTHROPIC.backend(server), context)
        assert context.request_id == "req_0"
        (call,) = server.ledger
    assert call.json["output_config"]["format"]["type"] == "json_schema"
    assert "temperature" not in call.json
    assert call.headers["anthropic-version"]
    assert call.headers["x-stainless-retry-count"] == "0"


async def test_a_temperature_of_the_settings_is_sent() -> None:
    with ProviderServer(AnthropicMessages()) as server:
        await judge(ANTHROPIC.backend(server, temperature=0.25), MemoryContext())
        assert server.ledger[0].json["temperature"] == 0.25


async def test_it_can_be_asked_for_in_words_only() -> None:
    with ProviderServer(AnthropicMessages()) as server:
        await judge(ANTHROPIC.backend(server, structured="words"), MemoryContext())
        assert "output_config" not in server.ledger[0].json


async def test_an_empty_account_blocks() -> None:
    said = "Your credit balance is too low to access the Anthropic API."
    with ProviderServer(AnthropicMessages()) as server:
        server.misbehave(status(400, error(said)))
        with pytest.raises(Blocked) as caught:
            await judge(ANTHROPIC.backend(server), MemoryContext())
    assert caught.value.reason == "quota"


async def test_overload_passes() -> None:
    with ProviderServer(AnthropicMessages()) as server:
        server.misbehave(status(529, error("Overloaded", "overloaded_error")))
        with pytest.raises(Retryable, match="Overloaded"):
            await judge(ANTHROPIC.backend(server), MemoryContext())
