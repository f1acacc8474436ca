"""Every chat backend by its provider's own client, against the local server."""

import asyncio
import logging
import os
import re
import socket
import sys
from typing import Any

import pytest

from engine.backends.common.readiness import load
from engine.contract import Blocked, OutcomeUnknown, Permanent, Retryable, StepError
from engine.recipes.refine.agents.evaluator import EVALUATOR, EvaluateRequest
from engine.recipes.refine.agents.refiner import REFINER
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import (
    BRIEF,
    GENAI,
    GENERATIVEAI,
    OPENAI,
    PROVIDERS,
    WITH_KEY,
    Provider,
    attempts,
    judge,
    png,
)
from tests.support.agents import run_agent
from tests.support.providers.chat import JUDGED, WRITTEN, Script
from tests.support.providers.misbehaviour import (
    cut_short,
    drip,
    hang,
    http_date,
    huge,
    instead,
    redirect,
    reset,
    status,
    truncated,
)
from tests.support.providers.server import ProviderServer

DEAD = "http://127.0.0.1:9"
"""A proxy that is not there."""

every = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)


async def failing(backend: Any, context: MemoryContext | None = None) -> StepError:
    with pytest.raises(StepError) as caught:
        await judge(backend, context or MemoryContext())
    return caught.value


@every
async def test_it_judges_an_image(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        context = MemoryContext()
        backend = provider.backend(server)
        found = await judge(backend, context)
        assert found.score == 71.5
        assert found.missing == ("the moon",)
        assert found.description == JUDGED["description"]
        assert (
            found.scorer == f"{provider.name}/{backend.info.model} {backend.version_of(EVALUATOR)}"
        )
        assert context.tokens == (1200, 80)
        (call,) = server.ledger
        assert call.path == provider.path
        assert BRIEF in call.text
        assert "You judge pictures" in call.text


@every
async def test_a_proxy_is_not_used_for_an_address_of_this_machine(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:9" if name == "ALL_PROXY" else DEAD)
    with ProviderServer(provider.route()) as server:
        assert (await judge(provider.backend(server), MemoryContext())).score == 71.5


async def test_a_client_is_imported_without_the_package_of_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "ollama"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.delenv("no_proxy", raising=False)
    assert (await load("ollama", "ollama")).AsyncClient
    assert os.environ["NO_PROXY"] == "intranet.example"
    assert "no_proxy" not in os.environ


@every
async def test_it_writes_a_prompt_from_the_history(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        backend = provider.backend(server, "text")
        found = await run_agent(backend, "refine", attempts(), MemoryContext())
        assert found.prompt == WRITTEN["prompt"]
        assert found.negative_prompt == "people"
        assert found.author.startswith(f"{provider.name}/")
        (call,) = server.ledger
        assert "41" in call.text
        assert "a barn" in call.text


@every
async def test_the_image_is_sent_inline(provider: Provider) -> None:
    import base64

    with ProviderServer(provider.route()) as server:
        await judge(provider.backend(server), MemoryContext())
        body = server.ledger[0].text.replace("-", "+").replace("_", "/")
        assert base64.b64encode(png()).decode().rstrip("=") in body


@every
async def test_an_image_that_is_none_is_not_sent(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        context = MemoryContext()
        request = EvaluateRequest(image=context.give(b"no image"), brief=BRIEF)
        with pytest.raises(Permanent, match="cannot be judged"):
            await run_agent(provider.backend(server), "evaluate", request, context)
        assert server.ledger == []


@every
async def test_an_unusable_reply_is_shown_to_the_model_once(provider: Provider) -> None:
    script = Script(["I would say about 70.", JUDGED])
    with ProviderServer(provider.route(script)) as server:
        context = MemoryContext()
        found = await judge(provider.backend(server), context)
        assert found.score == 71.5
        assert len(server.ledger) == 2
        assert "I would say about 70." in server.ledger[1].text
        assert "could not be used" in server.ledger[1].text
        assert context.tokens == (2400, 160)


@every
async def test_a_reply_that_stays_unusable_is_kept_and_never_becomes_a_score(
    provider: Provider,
) -> None:
    reply = {**JUDGED, "score": None}
    with ProviderServer(provider.route(Script([reply]))) as server:
        context = MemoryContext()
        error = await failing(provider.backend(server), context)
        assert isinstance(error, Permanent)
        assert "score" in error.message
        (role, kept) = context.roles[-1]
        assert role == "raw-reply"
        assert b"A red barn in snow." in context.files[kept.hash]
        assert len(server.ledger) == 2


@every
async def test_a_reply_cut_off_at_the_limit_of_tokens_is_permanent(provider: Provider) -> None:
    with ProviderServer(provider.route(Script(ended=provider.length))) as server:
        error = await failing(provider.backend(server))
        assert isinstance(error, Permanent)
        assert "max_tokens" in error.remedy


@pytest.mark.parametrize("provider", WITH_KEY, ids=lambda one: one.label)
async def test_a_refusal_is_permanent_with_its_reason(provider: Provider) -> None:
    script = Script(["I cannot help with that."], ended=provider.refusal)
    with ProviderServer(provider.route(script)) as server:
        error = await failing(provider.backend(server))
        assert isinstance(error, Permanent)
        assert re.search("cannot help|SAFETY", error.message)
        assert len(server.ledger) == 1


@pytest.mark.parametrize("code", [429, 500, 502, 503, 529])
@every
async def test_what_may_pass_is_retryable_and_sent_once(provider: Provider, code: int) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(status(code, retry_after="7"), times=9)
        error = await failing(provider.backend(server))
        assert isinstance(error, Retryable)
        assert error.retry_after == 7
        assert len(server.ledger) == 1


@every
async def test_retry_after_may_be_a_date(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(status(429, retry_after=http_date(30)))
        error = await failing(provider.backend(server))
        assert isinstance(error, Retryable)
        assert error.retry_after is not None
        assert 20 < error.retry_after <= 30


@pytest.mark.parametrize(("code", "reason"), [(401, "key"), (403, "key"), (402, "quota")])
@every
async def test_a_refused_account_blocks(provider: Provider, code: int, reason: str) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(status(code))
        error = await failing(provider.backend(server))
        assert isinstance(error, Blocked)
        assert error.reason == reason
        assert error.remedy


@every
async def test_a_request_that_is_wrong_is_permanent(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(status(400, {"error": {"message": "temperature is not supported"}}))
        error = await failing(provider.backend(server))
        assert isinstance(error, Permanent)
        assert "temperature is not supported" in error.message


@pytest.mark.parametrize(
    "what",
    [truncated(), truncated(0), cut_short(), reset(), reset(acted=True), instead(b"{"), instead()],
    ids=["truncated", "empty", "cut-short", "reset", "reset-after", "brace", "malformed"],
)
@every
async def test_a_reply_that_is_cut_is_retryable(provider: Provider, what: Any) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(what, times=9)
        error = await failing(provider.backend(server))
        assert isinstance(error, Retryable)
        assert error.resubmit
        assert len(server.ledger) == 1


@every
async def test_a_page_instead_of_a_reply_is_retryable(provider: Provider) -> None:
    page = instead(b"<html>bad gateway</html>", headers={"content-type": "text/html"})
    with ProviderServer(provider.route()) as server:
        server.misbehave(page)
        assert isinstance(await failing(provider.backend(server)), Retryable)


@every
async def test_json_of_another_shape_is_retryable(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(instead({"hello": "there"}))
        assert isinstance(await failing(provider.backend(server)), Retryable)


ODD = [
    b"null",
    b"[]",
    b"[1]",
    b'"x"',
    b"7",
    b"{}",
    b"",
    b"\xff\xfe\x00",
    b'{"choices": [], "content": [], "candidates": [], "message": {}}',
    b'{"choices": [null], "content": [null], "candidates": [null], "message": null}',
    b'{"choices": "x", "content": "x", "candidates": "x", "message": "x"}',
    b'{"choices": [{}], "content": [{}], "candidates": [{}], "message": {"content": 3}}',
    b'{"candidates": [{"content": {"parts": [{}]}, "finishReason": "NEW_ONE"}]}',
    b'{"candidates": [{"content": {"parts": [{"text": 3}]}}], "usageMetadata": 3}',
    b'{"error": {"message": "no", "code": "x"}}',
]


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
@every
async def test_no_reply_is_taken_for_a_defect_or_a_score(provider: Provider, body: bytes) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(instead(body), times=9)
        error = await failing(provider.backend(server))
        assert isinstance(error, Retryable | Permanent)


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
@every
async def test_no_error_s_body_is_taken_for_a_defect(provider: Provider, body: bytes) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(status(429, body))
        assert isinstance(await failing(provider.backend(server)), Retryable)


@pytest.mark.parametrize("announced", [True, False])
@every
async def test_a_huge_reply_is_not_read_on(provider: Provider, announced: bool) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(huge(announced=announced))
        error = await failing(provider.backend(server))
        assert isinstance(error, Permanent)
        assert "MiB" in error.message


@pytest.mark.parametrize("what", [hang(), drip(pause=0.02)], ids=["hang", "drip"])
@every
async def test_the_deadline_ends_a_call(provider: Provider, what: Any) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(what)
        backend = provider.backend(server, timeout=0.15)
        async with asyncio.timeout(30):
            error = await failing(backend)
        assert isinstance(error, Retryable)


@every
async def test_a_call_that_is_cancelled_ends_at_once(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(hang())
        task = asyncio.create_task(judge(provider.backend(server), MemoryContext()))
        async with asyncio.timeout(30):
            while not server.ledger:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


@pytest.mark.parametrize("mode", ["json", "words"])
@every
async def test_a_reply_can_be_asked_for_without_a_schema(provider: Provider, mode: str) -> None:
    with ProviderServer(provider.route()) as server:
        backend = provider.backend(server, structured=mode)
        assert (await judge(backend, MemoryContext())).score == 71.5
        assert backend.info.version.endswith(f"+{mode}")
        assert '"type": "number"' not in server.ledger[0].text


@every
async def test_a_redirect_is_not_followed(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server, ProviderServer(provider.route()) as other:
        server.misbehave(redirect(other.url + provider.path))
        error = await failing(provider.backend(server))
        assert isinstance(error, Blocked)
        assert error.reason == "backend"
        assert other.ledger == []


@every
async def test_a_server_that_is_not_there(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        backend = provider.backend(server)
    error = await failing(backend)
    if provider.name == "ollama":
        assert isinstance(error, Blocked)
        assert "ollama serve" in error.remedy
    else:
        assert isinstance(error, Retryable)
        assert "cannot be reached" in error.message
        assert error.message.endswith(".")  # the remedy follows it
        outlasted = error.outlasted()
        assert isinstance(outlasted, Blocked)
        assert (outlasted.reason, outlasted.message) == ("backend", error.message)
    found = backend.unreachable()
    assert (found.reason, backend.missing()) == ("backend", [])
    assert backend.chat_client.address in found.what


@every
def test_a_server_that_is_there_is_not_called_silent(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        assert provider.backend(server).unreachable() is None
        assert server.ledger == []


def test_a_server_elsewhere_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.backends.common import readiness

    def looked(*_args: Any, **_more: Any) -> None:
        raise AssertionError("nothing is to be asked")

    monkeypatch.setattr(socket, "create_connection", looked)
    assert readiness.silent("it", "https://api.openai.com/v1", "Start it.") is None


@pytest.mark.parametrize("provider", WITH_KEY, ids=lambda one: one.label)
async def test_a_dear_call_of_unknown_outcome_is_asked_about(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.backends.common.settings import RemoteSettings

    monkeypatch.setattr(RemoteSettings, "is_local", property(lambda _: False))
    with ProviderServer(provider.route()) as server:
        server.misbehave(reset(acted=True))
        backend = provider.backend(server, price_output=1000, max_tokens=1000)
        assert isinstance(await failing(backend), OutcomeUnknown)
        server.misbehave(reset(acted=True))
        backend = provider.backend(server, price_output=1, max_tokens=1000)
        assert isinstance(await failing(backend), Retryable)


@every
async def test_costs_are_reported_where_prices_are_set(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        context = MemoryContext()
        backend = provider.backend(server, price_input=2, price_output=10)
        await judge(backend, context)
        assert context.spent == 1200 * 2 + 80 * 10


@every
async def test_a_key_is_in_no_message_and_no_log(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    echo = {"error": {"message": f"Key {provider.key} is not welcome, Bearer {provider.key}"}}
    said: list[str] = []
    with ProviderServer(provider.route(Script([f"my key is {provider.key}"]))) as server:
        context = MemoryContext()
        for code in (400, 401, 402, 404, 429, 500):
            server.misbehave(status(code, echo))
            error = await failing(provider.backend(server), context)
            said += [error.message, error.remedy]
        for what in (redirect(f"http://127.0.0.1/?key={provider.key}"), instead(echo)):
            server.misbehave(what)
            error = await failing(provider.backend(server), context)
            said += [error.message, error.remedy]
        error = await failing(provider.backend(server), context)
        said += [error.message, error.remedy]
        sent = any(provider.key in call.text for call in server.ledger)
    assert sent
    kept = b"".join(context.files.values()).decode("latin-1")
    everything = "\n".join((*said, kept, caplog.text, repr(context.shown)))
    assert provider.key not in everything


@every
def test_two_backends_of_one_account_and_model_share_a_lane(provider: Provider) -> None:
    with ProviderServer() as server:
        vision, text = (provider.backend(server, what) for what in ("vision", "text"))
        assert vision.info.lane == text.info.lane
        assert vision.info.model in vision.info.lane
        assert provider.backend(server, vision_model="other").info.lane != text.info.lane
        assert not vision.info.resumable


@every
def test_what_an_agent_is_told_is_in_the_version(provider: Provider) -> None:
    with ProviderServer() as server:
        backend = provider.backend(server)
        assert "evaluator-1-" in backend.version_of(EVALUATOR)
        assert "refiner-1-" in provider.backend(server, "text").version_of(REFINER)
        warm = provider.backend(server, temperature=0.5)
        assert warm.version_of(EVALUATOR) != backend.version_of(EVALUATOR)
        assert warm.info.version != backend.info.version


@pytest.mark.parametrize("provider", WITH_KEY, ids=lambda one: one.label)
def test_a_missing_key_is_said_before_anything_is_sent(provider: Provider) -> None:
    from engine.plugins.catalog import EntryPointCatalog

    made = EntryPointCatalog().backend("text", provider.name, dict(provider.settings), {})
    (lack,) = made.missing()
    assert lack.reason == "key"
    assert "KEY" in lack.what
    assert made.info.paid
    ready = EntryPointCatalog().backend(
        "text", provider.name, dict(provider.settings), {provider.key_name: provider.key}
    )
    assert ready.missing() == []


@every
def test_a_missing_package_is_said_with_its_extra(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with ProviderServer() as server:
        lacks = provider.backend(server).missing()
    assert [lack.reason for lack in lacks] == ["backend"]
    assert "[cloud]" in lacks[0].remedy


@pytest.mark.parametrize("provider", [OPENAI, GENAI, GENERATIVEAI], ids=lambda one: one.label)
def test_a_server_on_this_machine_needs_no_key_and_costs_nothing(provider: Provider) -> None:
    with ProviderServer() as server:
        backend = provider.backend(server)
        assert not backend.info.paid
        object.__setattr__(backend.chat_client, "key", None)
        assert backend.missing() == []
