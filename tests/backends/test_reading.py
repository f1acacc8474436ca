"""Lenient reading: what is needed is required, and nothing else decides anything."""

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from engine.backends.anthropic.chat import AnthropicChatClient, _Message
from engine.backends.anthropic.settings import AnthropicSettings
from engine.backends.common.error_bodies import (
    error_in,
    is_bad_key,
    is_moderated,
    is_unknown_model,
    said_in,
)
from engine.backends.common.failures import Account, from_body, from_status
from engine.backends.common.http import LastReply
from engine.backends.common.reading import (
    MAX_DEPTH,
    Count,
    GeneratedFiles,
    Items,
    Lenient,
    ReplyText,
    Seed,
    plain,
)
from engine.backends.fal.image import _ImagesReply as FalMade
from engine.backends.fal.replies import ErrorReply, RequestStatus, Submission
from engine.backends.gemini.chat_client import GeminiChatClient
from engine.backends.gemini.failures import gemini_error
from engine.backends.gemini.reading import GeminiReply
from engine.backends.gemini.settings import GeminiSettings
from engine.backends.ollama.chat import OllamaChatClient, _Chat
from engine.backends.ollama.settings import OllamaSettings
from engine.backends.openai.chat import OpenAIChatClient, _Completion
from engine.backends.openai.images import _ImagesReply as OpenAIMade
from engine.backends.openai.settings import OpenAISettings
from engine.backends.stability.image import _ImageReply as StabilityMade
from engine.contract import Blocked, Permanent, Retryable, StepError
from engine.contract.chat.replies import ModelReply, UnusableReply, parse
from engine.recipes.refine.agents.evaluator import EvaluatorAnswer
from tests.support.effort import scaled

ACCOUNT = Account("toy", ("TOY_KEY",))
DEEP = b'{"a":' + b"[" * 100_000
LONG = b'{"error": {"message": "no", "code": ' + b"7" * 400 + b"}}"

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**390, 10**400)
    | st.floats()
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


class Counts(Lenient):
    tokens: Count = None
    seed: Seed = None
    words: ReplyText = ""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (7, 7),
        (7.0, 7),
        ("7", 7),
        ("7.0", 7),
        (0, 0),
        (None, None),
        (-1, None),
        (12.5, None),
        (True, None),
        ("many", None),
        ([7], None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
    ],
)
def test_a_count_that_cannot_be_one_is_not_known(written: Any, read: int | None) -> None:
    found = Counts.model_validate({"tokens": written, "seed": written})
    assert found.tokens == read
    assert found.seed == read


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a", "a"),
        (None, ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, "a"], "a"),
        ([{"type": "output_text", "text": "a"}, {"type": "image_url", "text": "b"}, 3], "a"),
        ({"text": "a"}, ""),
    ],
)
def test_words_come_as_one_text_or_in_parts(content: Any, words: str) -> None:
    assert Counts.model_validate({"words": content}).words == words


@pytest.mark.parametrize(
    ("reply", "first"),
    [
        ({"data": [{"b64_json": "AA"}]}, "AA"),
        ({"data": [None, {"url": ""}, {"url": "u"}]}, "u"),
        ({"images": [{"url": "u"}]}, "u"),
        ({"images": ["u"]}, "u"),
        ({"images": None, "image": {"url": "u"}}, "u"),
        ({"image": "u"}, "u"),
        ({"images": []}, None),
        ({"images": 3, "image": [4]}, None),
    ],
)
def test_images_come_under_any_of_their_usual_names(reply: Any, first: str | None) -> None:
    made = GeneratedFiles.model_validate(reply)
    assert made.names_some
    assert (made.first and (made.first.b64_json or made.first.url)) == first


def test_what_is_required_stays_required() -> None:
    class Listed(Lenient):
        items: Items[Counts]

    assert Listed.model_validate({"items": [1, None, {"tokens": 3}]}).items[0].tokens == 3
    replies: tuple[Any, ...] = ({}, {"items": None}, {"items": 3}, [], None)
    for reply in replies:
        with pytest.raises(ValidationError):
            Listed.model_validate(reply)


def test_json_is_read_with_a_mark_of_byte_order_and_numbers_of_any_length() -> None:
    assert plain(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert plain(b'{"a": ' + b"9" * 9000 + b"}") == {"a": float("inf")}
    assert plain(b"<html>") is None
    assert plain(DEEP) is None


def test_our_own_limit_of_depth_comes_before_any_other() -> None:
    def nested(depth: int) -> str:
        return "[" * depth + "]" * depth

    assert plain(nested(MAX_DEPTH)) is not None
    assert plain(nested(MAX_DEPTH + 1)) is None
    assert plain(json.dumps({"a": nested(MAX_DEPTH + 1), "b": [[]] * 999})) is not None
    assert plain("[" * (MAX_DEPTH + 1) + '"' + '\\"' * 200_000 + "\\") is None


def test_an_error_that_a_stream_holds_is_found_and_its_words_are_not() -> None:
    error = 'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error"}}\n\n'
    assert plain(error)["error"] == {"type": "overloaded_error"}
    assert plain('data: {"choices": [{"delta": {"content": "x"}}]}\n\ndata: [DONE]\n') is None


SHAPES: tuple[tuple[type[BaseModel], dict[str, Any]], ...] = (
    (_Completion, {"choices": [{"message": {"content": "x"}}]}),
    (_Message, {"content": [{"type": "text", "text": "x"}]}),
    (_Chat, {"message": {"content": "x"}}),
    (GeminiReply, {"candidates": [{"content": {"parts": [{"text": "x"}]}}]}),
    (OpenAIMade, {"data": [{"url": "x"}]}),
    (FalMade, {"images": [{"url": "x"}]}),
    (StabilityMade, {"image": "x"}),
    (Submission, {"request_id": "x"}),
    (RequestStatus, {"status": "COMPLETED"}),
)
FIELDS = (
    *("usage", "usageMetadata", "promptFeedback", "responseId", "stop_reason", "stop_details"),
    *("done_reason", "prompt_eval_count", "eval_count", "seed", "has_nsfw_concepts"),
    *("description", "finish_reason", "logs", "metrics", "queue_position", "response_url"),
    *("error_type", "input_tokens", "candidatesTokenCount"),
)


@pytest.mark.parametrize(("shape", "needed"), SHAPES, ids=lambda one: getattr(one, "__name__", ""))
@settings(max_examples=scaled(15))
@given(others=st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_no_other_field_makes_reading_fail(
    shape: type[BaseModel], needed: dict[str, Any], others: dict[str, Any]
) -> None:
    read = shape.model_validate({**others, **needed})
    for name, found in vars(shape).items():
        if isinstance(found, property):
            getattr(read, name)


@given(ANYTHING)
def test_no_part_of_a_reply_makes_reading_fail_otherwise(part: Any) -> None:
    for shape, needed in SHAPES:
        for name in needed:
            for reply in ({name: part}, {name: [part]}, {name: {"content": part}}, part):
                try:
                    shape.model_validate(reply)
                except ValidationError as error:
                    assert str(error)


@given(ANYTHING)
def test_no_error_s_body_makes_telling_fail(part: Any) -> None:
    for body in (part, {"error": part}, {"error": {"message": part, "code": part}}, [part]):
        written = json.dumps(body).encode()
        assert isinstance(said_in(written), str)
        assert isinstance(ErrorReply.read(written, {}).text, str)
        error_in(body)
        assert isinstance(from_body(ACCOUNT, body, {}), StepError | None)
        assert isinstance(gemini_error(ACCOUNT, 400, body), StepError)


def test_bodies_that_are_too_deep_or_hold_too_long_numbers_give_a_sentence() -> None:
    for body in (DEEP, LONG):
        assert from_status(ACCOUNT, 400, said_in(body)).message.startswith("toy answered 400: ")
        assert ErrorReply.read(body, {}).text
    assert error_in(plain(LONG)) is not None


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        ({"error": {"message": "No auth credentials found", "code": 401}}, Blocked, "key"),
        ({"error": {"message": "Insufficient credits", "code": 402}}, Blocked, "quota"),
        ({"error": {"message": "No endpoints found", "code": "404"}}, Blocked, "backend"),
        ({"error": {"message": "Rate limit exceeded", "code": 429}}, Retryable, None),
        ({"error": {"message": "flagged", "code": "moderation_blocked"}}, Permanent, None),
        ({"type": "error", "error": {"type": "authentication_error"}}, Blocked, "key"),
        ({"type": "error", "error": {"type": "billing_error"}}, Blocked, "quota"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, Retryable, None),
        ([{"error": {"code": 403, "status": "PERMISSION_DENIED"}}], Blocked, "key"),
        ({"error": {"status": "NOT_FOUND", "message": "models/x"}}, Blocked, "backend"),
        ({"error": "model runner has unexpectedly stopped"}, Retryable, None),
    ],
)
def test_an_error_inside_a_reply_is_what_its_status_is(
    body: Any, kind: type[StepError], reason: str | None
) -> None:
    error = from_body(ACCOUNT, body, {})
    assert type(error) is kind
    assert getattr(error, "reason", None) == reason


def test_a_limit_inside_a_reply_narrows_its_lane() -> None:
    error = from_body(ACCOUNT, {"error": {"code": 429}}, {"retry-after": "3"})
    assert isinstance(error, Retryable)
    assert (error.pressure, error.retry_after) == ("limit", 3)


@pytest.mark.parametrize("body", [{"error": None}, {"error": {}}, {"choices": []}, [], None, "x"])
def test_where_there_is_no_error_none_is_found(body: Any) -> None:
    assert error_in(body) is None


@pytest.mark.parametrize(
    ("status", "said", "kind", "reason"),
    [
        (400, "No api key passed in.", Blocked, "key"),
        (400, "The api_key client option must be set", Blocked, "key"),
        (400, "litellm.AuthenticationError: missing x-api-key", Blocked, "key"),
        (400, "Invalid model name passed in model=gpt-9", Blocked, "backend"),
        (400, "Model Not Exist", Blocked, "backend"),
        (400, "acme/x-1 is not a valid model ID", Blocked, "backend"),
        (422, "The model `x-1` does not exist", Blocked, "backend"),
        (400, "No models loaded. Please load a model.", Blocked, "backend"),
        (400, "Model does not support images. Please use a model that does.", Permanent, None),
        (400, "'response_format.type' must be 'json_schema' or 'text'", Permanent, None),
        (400, "Output blocked by content filtering policy", Permanent, None),
        (403, "Your input was flagged", Permanent, None),
    ],
)
def test_a_gateway_s_400_is_what_it_means(
    status: int, said: str, kind: type[StepError], reason: str | None
) -> None:
    error = from_status(ACCOUNT, status, said)
    assert type(error) is kind
    assert getattr(error, "reason", None) == reason


def test_a_prompt_that_an_error_repeats_is_not_taken_for_its_kind() -> None:
    for said in ("a worker in a safety vest", "a model railway, not found in shops", "an API key"):
        assert not (is_moderated(said) or is_unknown_model(said) or is_bad_key(said))


def test_an_error_s_words_are_shown_as_far_as_2000_characters() -> None:
    said = "why " * 450
    assert said.strip() in from_status(ACCOUNT, 400, said).message
    assert len(from_status(ACCOUNT, 400, "x" * 9000).message) < 2100


def heard(body: Any) -> LastReply:
    found = LastReply()
    found.answered(200, {})
    found.take(json.dumps(body).encode())
    found.ended()
    return found


def replies(part: Any) -> Iterator[tuple[str, Any]]:
    """Replies of each provider in which one part, wherever it stands, is something else."""
    call = {"function": {"arguments": part}}
    yield (
        "openai",
        {"message": {"content": part, "tool_calls": [call, part]}, "finish_reason": part},
    )
    yield "openai", {"message": part, "error": None, "finish_reason": "error"}
    yield "anthropic", {"content": [{"type": "tool_use", "input": part}], "stop_details": part}
    yield "anthropic", {"content": [{"type": part, "text": part}], "stop_reason": part}
    yield "ollama", {"message": {"content": part, "tool_calls": [call]}, "done_reason": part}
    parts = [part, {"text": part, "thought": part}, {"functionCall": {"args": part}}]
    candidate = {"content": {"parts": parts}, "finishReason": part, "finishMessage": part}
    yield "gemini", {"candidates": [candidate], "promptFeedback": part, "usageMetadata": part}
    yield "gemini", {"candidates": part, "promptFeedback": {"blockReason": part}}


SPEAKERS: dict[str, Any] = {
    "openai": OpenAIChatClient(OpenAISettings(), {}),
    "anthropic": AnthropicChatClient(AnthropicSettings(), {}),
    "ollama": OllamaChatClient(OllamaSettings(), {}),
    "gemini": GeminiChatClient(GeminiSettings(), {}, "google-genai"),
}


def spoken(name: str, reply: Any) -> ModelReply:
    """Result of a chat client for a reply."""
    chat_client = SPEAKERS[name]
    if name == "openai":
        found = _Completion.model_validate({"choices": [reply]}).choices[0]
        return cast("ModelReply", chat_client._read(found))
    if name == "anthropic":
        return cast("ModelReply", chat_client._read(_Message.model_validate(reply)))
    if name == "ollama":
        chat = _Chat.model_validate(reply)
        return cast("ModelReply", chat_client._read(chat.message, chat.done_reason))
    return cast("ModelReply", chat_client.read(heard(reply), unknown=True)[0])


@given(ANYTHING)
def test_no_part_of_a_reply_is_taken_for_a_defect(part: Any) -> None:
    for name, reply in replies(part):
        try:
            found = spoken(name, reply)
            parse(found.text, EvaluatorAnswer)
        except (StepError, UnusableReply) as error:
            assert str(error)
