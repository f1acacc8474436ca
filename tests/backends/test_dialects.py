"""The same reply in the dialects of gateways: what is needed is read, and reasons are kept."""

import json
from typing import Any

import pytest

from engine.contract import Blocked, Permanent, Retryable, StepError
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import (
    ANTHROPIC,
    GENAI,
    GENERATIVEAI,
    OLLAMA,
    OPENAI,
    PROVIDERS,
    Provider,
    judge,
)
from tests.support.providers.chat import JUDGED
from tests.support.providers.misbehaviour import instead, status
from tests.support.providers.server import ProviderServer

SAID = json.dumps(JUDGED)
every = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)
COUNTS = (None, "x", -5, 12.5, {"a": 1}, 10**400)


def openai(message: Any = None, finish: Any = "stop", usage: Any = None, **more: Any) -> Any:
    message = {"content": SAID} if message is None else message
    choice = {"message": message, "finish_reason": finish, **more}
    return {"choices": [choice], "usage": usage}


def anthropic(content: Any, stop: Any = "end_turn", **more: Any) -> Any:
    return {"content": content, "stop_reason": stop, **more}


def gemini(parts: Any, finish: Any = "STOP", **more: Any) -> Any:
    candidate = {"content": {"parts": parts}, "finishReason": finish, **more}
    return {"candidates": [candidate]}


def counted(provider: Provider, count: Any) -> Any:
    """A good reply whose usage, as a whole or in each of its fields, is something else."""
    text = {"type": "text", "text": SAID}
    return {
        "openai": [
            openai(usage=count),
            openai(usage={"prompt_tokens": count, "completion_tokens": count}),
        ],
        "anthropic": [
            anthropic([text], usage=count),
            anthropic([text], usage={"input_tokens": count, "output_tokens": count}),
        ],
        "gemini": [
            {**gemini([{"text": SAID}]), "usageMetadata": count},
            {
                **gemini([{"text": SAID}]),
                "usageMetadata": {"promptTokenCount": count, "candidatesTokenCount": count},
            },
        ],
        "ollama": [
            {
                "message": {"content": SAID},
                "prompt_eval_count": count,
                "eval_count": count,
                "total_duration": count,
            }
        ],
    }[provider.name]


async def answer(provider: Provider, reply: Any) -> tuple[float, MemoryContext, int]:
    with ProviderServer(provider.route()) as server:
        server.misbehave(instead(reply), times=2)
        context = MemoryContext()
        found = await judge(provider.backend(server), context)
        return found.score, context, len(server.ledger)


async def failing(provider: Provider, what: Any) -> StepError:
    with ProviderServer(provider.route()) as server:
        server.misbehave(what, times=2)
        with pytest.raises(StepError) as caught:
            await judge(provider.backend(server), MemoryContext())
    return caught.value


@every
@pytest.mark.parametrize("count", COUNTS, ids=range(len(COUNTS)))
async def test_no_count_of_tokens_loses_a_good_reply(provider: Provider, count: Any) -> None:
    for reply in counted(provider, count):
        score, context, rounds = await answer(provider, reply)
        assert (score, rounds, context.tokens) == (71.5, 1, (0, 0))


@pytest.mark.parametrize("provider", PROVIDERS[:-1], ids=lambda one: one.label)
async def test_tokens_that_are_not_counted_are_estimated_for_their_cost(provider: Provider) -> None:
    (reply, *_) = counted(provider, None)
    with ProviderServer(provider.route()) as server:
        server.misbehave(instead(reply))
        context = MemoryContext()
        await judge(provider.backend(server, price_input=1, price_output=10), context)
    assert context.spent > 10 * (len(SAID) // 3)
    assert context.tokens == (0, 0)


@pytest.mark.parametrize(
    ("provider", "reply"),
    [
        (OPENAI, openai({"content": [{"type": "text", "text": SAID}]})),
        (OPENAI, openai({"content": SAID, "tool_calls": None, "annotations": 3}, None)),
        (OPENAI, openai({"content": None, "tool_calls": [{"function": {"arguments": SAID}}]})),
        (OPENAI, openai(finish="SOMETHING_NEW")),
        (OPENAI, {**openai(), "error": {"message": "a warning of some gateway"}}),
        (GENAI, {**gemini([{"text": SAID}]), "error": {"message": "a warning"}}),
        (ANTHROPIC, anthropic(SAID)),
        (ANTHROPIC, anthropic([{"type": "text", "text": None}, {"type": "text", "text": SAID}])),
        (ANTHROPIC, anthropic([{"type": "tool_use", "input": JUDGED}], "tool_use")),
        (GENAI, gemini([{"functionCall": {"args": JUDGED}}])),
        (GENERATIVEAI, gemini([{"functionCall": {"args": JUDGED}}])),
        (GENERATIVEAI, gemini([{"text": '{"score": 3}', "thought": True}, {"text": SAID}])),
        (OLLAMA, {"message": {"tool_calls": [{"function": {"arguments": JUDGED}}]}}),
        (OLLAMA, {"message": {"content": SAID}, "done": "yes", "created_at": 3}),
    ],
    ids=lambda one: getattr(one, "label", ""),
)
async def test_a_good_reply_is_taken_in_any_dialect(provider: Provider, reply: Any) -> None:
    score, _, rounds = await answer(provider, reply)
    assert (score, rounds) == (71.5, 1)


@pytest.mark.parametrize(
    ("provider", "reply", "words"),
    [
        (OPENAI, openai({"content": ""}, "SOMETHING_NEW"), "SOMETHING_NEW"),
        (OPENAI, openai({"refusal": "Not that."}), "Not that."),
        (
            ANTHROPIC,
            anthropic([], "refusal", stop_details={"category": "cyber", "explanation": "It may."}),
            "cyber: It may.",
        ),
        (ANTHROPIC, anthropic([], "tired_of_it"), "tired_of_it"),
        (ANTHROPIC, anthropic([{"type": "tool_use", "input": {}}], "tool_use"), "tool_use"),
        (GENAI, gemini([], "SOMETHING_NEW", finishMessage="a new reason"), "a new reason"),
        (GENERATIVEAI, gemini([], "SOMETHING_NEW", finishMessage="a new reason"), "a new reason"),
        (GENAI, gemini([], "SAFETY", finishMessage="Rule 7."), "SAFETY: Rule 7."),
        (GENERATIVEAI, gemini([], "MALFORMED_FUNCTION_CALL"), "MALFORMED_FUNCTION_CALL"),
        (
            GENERATIVEAI,
            {"promptFeedback": {"blockReason": "NEW", "blockReasonMessage": "Rule 7."}},
            "NEW: Rule 7.",
        ),
        (OLLAMA, {"message": {"content": ""}, "done_reason": "unload"}, "unload"),
    ],
    ids=lambda one: getattr(one, "label", ""),
)
async def test_why_a_reply_ended_is_told(provider: Provider, reply: Any, words: str) -> None:
    error = await failing(provider, instead(reply))
    assert isinstance(error, Permanent)
    assert words in error.message


async def test_a_provider_that_failed_while_it_answered_is_asked_again() -> None:
    upstream = {"code": 502, "message": "Upstream failed"}
    for choice in (openai({"content": ""}, "error"), openai({}, "error", error=upstream)):
        error = await failing(OPENAI, instead(choice))
        assert isinstance(error, Retryable)
    assert "Upstream failed" in error.message


@every
@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        ({"error": {"message": "No auth credentials found", "code": 401}}, Blocked, "key"),
        ({"error": {"message": "Insufficient credits", "code": 402}}, Blocked, "quota"),
        ({"error": {"message": "Slow down", "code": 429}}, Retryable, None),
        ({"error": {"message": "flagged", "code": "moderation_blocked"}}, Permanent, None),
    ],
    ids=["key", "quota", "limit", "refusal"],
)
async def test_an_error_inside_a_reply_of_200_is_told(
    provider: Provider, body: Any, kind: type[StepError], reason: str | None
) -> None:
    error = await failing(provider, instead(body))
    assert type(error) is kind
    assert getattr(error, "reason", None) == reason


@every
@pytest.mark.parametrize("code", [200, 400])
@pytest.mark.parametrize(
    "body",
    [b'{"error": ' + b"[" * 100_000, b'{"error": {"message": "no", "code": ' + b"7" * 400 + b"}}"],
    ids=["deep", "long"],
)
async def test_json_that_nobody_can_read_gives_a_sentence(
    provider: Provider, code: int, body: bytes
) -> None:
    error = await failing(provider, instead(body, code=code))
    assert isinstance(error, Permanent | Retryable)
    assert error.message.startswith((provider.name, f"The reply of {provider.name}"))


@every
async def test_a_gateway_s_400_for_want_of_a_key_parks(provider: Provider) -> None:
    error = await failing(provider, status(400, {"error": {"message": "No api key passed in."}}))
    assert isinstance(error, Blocked)
    assert error.reason == "key"
