"""An agent's temperature reaches the request, and the result has the one that was sent."""

from typing import Any

import pytest

from engine.contract import Permanent
from engine.contract.agent import Agent
from engine.contract.backend import Request
from engine.contract.chat.answers import Answer, CleanText, SampledResult
from engine.contract.chat.prompt_files import PromptFile
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import PROVIDERS, Provider
from tests.support.effort import cases
from tests.support.providers.chat import Script
from tests.support.providers.misbehaviour import status
from tests.support.providers.server import ProviderServer

every = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)
REFUSED = status(400, {"error": {"message": "'temperature' is not supported with this model"}})


class LineRequest(Request):
    heat: float | None


class Line(SampledResult):
    line: str


class LineAnswer(Answer):
    line: CleanText


POET = Agent(
    id="write_line",
    prompt=PromptFile("poet", 1, "You write one line."),
    request=LineRequest,
    result=Line,
    message=lambda _request: "Snow.",
    answer=LineAnswer,
    finish=lambda answer, _request, _author: Line(line=answer.line),
    temperature=lambda request: request.heat,
)


def script() -> Script:
    return Script([{"line": "Snow falls."}])


def sent(call: Any) -> float | None:
    """The temperature of a call, where each provider has it."""
    found = call.json
    for part in ("generationConfig", "options"):
        found = found.get(part, found)
    return found.get("temperature")


@every
async def test_it_is_sent(provider: Provider) -> None:
    with ProviderServer(provider.route(script())) as server:
        backend = provider.backend(server, "text")
        results = [
            await backend.structured(POET, LineRequest(heat=heat), MemoryContext())
            for heat in (0.4, 0.8, None)
        ]
        assert [sent(call) for call in server.ledger] == [0.4, 0.8, None]
    assert [result.temperature for result in results] == [0.4, 0.8, None]


@cases("provider", PROVIDERS, usual=1, ids=lambda one: one.label)
async def test_it_is_preferred_to_the_backends(provider: Provider) -> None:
    with ProviderServer(provider.route(script())) as server:
        backend = provider.backend(server, "text", temperature=1.0)
        for heat in (0.4, None):
            await backend.structured(POET, LineRequest(heat=heat), MemoryContext())
        assert [sent(call) for call in server.ledger] == [0.4, 1.0]


@every
async def test_a_model_that_takes_none_is_asked_without_it(provider: Provider) -> None:
    with ProviderServer(provider.route(script())) as server:
        server.misbehave(REFUSED)
        backend = provider.backend(server, "text")
        for _ in range(2):
            line = await backend.structured(POET, LineRequest(heat=0.4), MemoryContext())
            assert line.temperature is None
        assert [sent(call) for call in server.ledger] == [0.4, None, None]


@every
async def test_content_that_is_refused_is_not_asked_for_again(provider: Provider) -> None:
    blocked = status(400, {"error": {"message": "Blocked: it describes a body temperature."}})
    with ProviderServer(provider.route(script())) as server:
        server.misbehave(blocked)
        with pytest.raises(Permanent, match="body temperature"):
            await provider.backend(server, "text").structured(
                POET, LineRequest(heat=0.4), MemoryContext()
            )
        assert len(server.ledger) == 1


async def test_an_operators_temperature_is_not_dropped() -> None:
    provider = PROVIDERS[0]
    with ProviderServer(provider.route(script())) as server:
        server.misbehave(REFUSED)
        backend = provider.backend(server, "text", temperature=1.0)
        with pytest.raises(Permanent, match="temperature"):
            await backend.structured(POET, LineRequest(heat=None), MemoryContext())
