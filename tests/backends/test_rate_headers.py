"""Limits that providers write into the headers of a refusal."""

import datetime as dt

import pytest

from engine.backends.common.failures import Account, from_status
from engine.backends.common.rate_headers import allowed_a_minute, until_reset
from engine.contract import Retryable
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import ANTHROPIC, OPENAI, Provider, judge
from tests.support.providers.misbehaviour import status
from tests.support.providers.server import ProviderServer

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC).timestamp()


def openai(limit: str, remaining: str, reset: str, kind: str = "requests") -> dict[str, str]:
    said = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"X-RateLimit-{part.title()}-{kind}": value for part, value in said.items()}


def anthropic(limit: str, remaining: str, reset: str, kind: str = "requests") -> dict[str, str]:
    said = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"anthropic-ratelimit-{kind}-{part}": value for part, value in said.items()}


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        (openai("60", "0", "1s"), 60),
        (openai("500", "0", "120ms"), 500),
        (openai("10000", "0", "8h12m0s"), None),  # a day's limit
        (openai("60", "12", "1s"), None),  # tokens ran out, not calls
        (openai("60", "0", ""), None),
        (openai("60", "0", "soon"), None),
        (openai("-1", "0", "1s"), None),
        (openai("1e9", "0", "1s"), None),
        (openai("0", "0", "1s"), None),
        (anthropic("50", "0", "2026-11-20T12:00:30Z"), 50),
        (anthropic("50", "0", "2026-11-20T12:30:00Z"), None),
        (anthropic("50", "0", "2026-11-20T12:00:30"), None),
        ({"RateLimit-Policy": '"burst";q=100;w=60'}, 100),
        ({"RateLimit-Policy": "10;w=1"}, 600),
        ({"RateLimit-Policy": "5000;w=3600"}, None),
        ({"RateLimit-Policy": "1;w=0"}, None),
        ({"RateLimit-Policy": "many"}, None),
        ({}, None),
    ],
)
def test_calls_a_minute_are_read_where_calls_ran_out(
    headers: dict[str, str], allowed: float | None
) -> None:
    assert allowed_a_minute(headers, NOW) == allowed


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (openai("60", "0", "6m0s"), 360),
        (openai("60", "0", "1m30.5s"), 90.5),
        (openai("60", "0", "120ms"), 0.12),
        (openai("60", "0", "1h"), 3600),
        (openai("60", "3", "6m0s"), None),
        (openai("9000", "0", "20s", "tokens"), 20),
        (openai("60", "0", "1s") | openai("9000", "0", "20s", "tokens"), 20),
        (anthropic("50", "0", "2026-11-20T12:00:07Z"), 7),
        (anthropic("50", "0", "2026-11-20T11:59:00Z", "input-tokens"), 0),
        (openai("60", "0", "1s2s"), None),
        ({}, None),
    ],
)
def test_the_wait_is_that_of_what_ran_out(headers: dict[str, str], seconds: float | None) -> None:
    assert until_reset(headers, NOW) == seconds


def test_retry_after_wins_over_what_the_other_headers_say() -> None:
    headers = {"retry-after": "3"} | openai("60", "0", "50s")
    error = from_status(Account("openai"), 429, "slow down", headers)
    assert isinstance(error, Retryable)
    assert (error.retry_after, error.allowed, error.pressure) == (3, 60, "limit")


def test_only_a_refusal_says_what_is_allowed() -> None:
    error = from_status(Account("openai"), 503, "", openai("60", "0", "50s"))
    assert isinstance(error, Retryable)
    assert (error.retry_after, error.allowed) == (None, None)


@pytest.mark.parametrize(
    ("provider", "headers"),
    [(OPENAI, openai("60", "0", "20s")), (ANTHROPIC, anthropic("60", "0", "2090-01-01T00:00:00Z"))],
    ids=["openai", "anthropic"],
)
async def test_the_clients_leave_the_headers_to_be_read(
    provider: Provider, headers: dict[str, str]
) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(status(429, headers=headers))
        with pytest.raises(Retryable) as caught:
            await judge(provider.backend(server), MemoryContext())
    assert caught.value.retry_after in {20, 86_400}
    assert caught.value.allowed in {60, None}
    assert (caught.value.allowed is None) == (provider is ANTHROPIC)
