"""Gemini's image models, by `google-genai` against the local server."""

import base64
from typing import Any

import pytest

from engine.backends.gemini_image import GeminiImageSettings
from engine.backends.gemini_image.image import GeminiImages, size_for
from engine.contract import (
    Blocked,
    OutcomeUnknown,
    Permanent,
    Retryable,
)
from engine.testing.context import MemoryContext
from tests.backends.image_sellers import GEMINI as SELLER
from tests.support.providers.images import image
from tests.support.providers.misbehaviour import (
    instead,
    status,
)

backend, request, failure = SELLER.backend, SELLER.request, SELLER.failure


def google(code: int, status_: str, message: str, *details: dict[str, Any]) -> status:
    error = {"code": code, "message": message, "status": status_, "details": list(details)}
    return status(code, {"error": error})


async def test_the_final_image_is_kept_and_thoughts_are_not(server, provider):
    context = MemoryContext()
    settings = {"price_per_image": 0.01, "price_output": 30.0}
    made = await backend(server, **settings).generate(request(), context)
    assert await context.read(made.image) == image("JPEG", tint=2, size=(64, 48))
    assert made.seed == 3
    (asked,) = provider.asked
    config = asked["generationConfig"]
    assert config["responseModalities"] == ["IMAGE"]
    assert config["imageConfig"] == {"aspectRatio": "16:9", "imageSize": "2K"}
    assert config["seed"] == 3
    assert server.ledger[0].path == "/v1beta/models/gemini-nano-banana-2.1:generateContent"
    assert server.ledger[0].headers["x-goog-api-key"] == SELLER.secret
    assert context.tokens == (20, 1290)
    assert context.spent == 16_000 + 38_700  # 2K


async def test_a_reference_stands_before_the_words(server, provider):
    context = MemoryContext()
    asked = request(reference=context.give(image()), negative_prompt="fog")
    await backend(server).generate(asked, context)
    parts = provider.asked[0]["contents"][0]["parts"]
    assert "image/png" in parts[0]["inlineData"].values()
    assert parts[1] == {"text": "a red barn\n\nKeep out of the image: fog"}


async def test_several_references_go_with_one_call_in_their_order(server, provider):
    context = MemoryContext()
    given = [image(tint=number) for number in range(4)]
    first, *more = (context.give(data) for data in given)
    await backend(server).generate(request(reference=first, more_references=more), context)
    *images, words = provider.asked[0]["contents"][0]["parts"]
    sent = [base64.urlsafe_b64decode(part["inlineData"]["data"]) for part in images]
    assert sent == given
    assert words == {"text": "a red barn"}


async def test_further_references_need_no_first_one(server, provider):
    context = MemoryContext()
    asked = request(more_references=(context.give(image()),))
    await backend(server).generate(asked, context)
    assert len(provider.asked[0]["contents"][0]["parts"]) == 2


@pytest.mark.parametrize(
    ("model", "most"), [("gemini-nano-banana-2.1", 14), ("gemini-2.5-flash-image", 3)]
)
async def test_more_references_than_it_takes_are_refused_before_paying(
    server, provider, model, most
):
    context = MemoryContext()
    given = [context.give(image(tint=number)) for number in range(most + 1)]
    made = backend(server, model=model)
    assert made.info.max_references == most
    with pytest.raises(
        Permanent, match=f"{most} reference images at most, and there are {most + 1}"
    ):
        await made.generate(request(more_references=given), context)
    assert provider.asked == []


async def test_references_that_do_not_fit_into_a_request_are_refused(server, provider):
    context = MemoryContext()
    large = context.give(image()).model_copy(update={"size": 8 * 2**20})
    asked = request(reference=large, more_references=(large,))
    with pytest.raises(Permanent, match=r"16\.0 MiB, more than the 14 MiB"):
        await backend(server).generate(asked, context)
    assert provider.asked == []


@pytest.mark.parametrize(
    ("what", "kind", "reason"),
    [
        (google(400, "INVALID_ARGUMENT", f"API key not valid: {SELLER.secret}"), Blocked, "key"),
        (google(401, "UNAUTHENTICATED", "no"), Blocked, "key"),
        (google(403, "PERMISSION_DENIED", "no"), Blocked, "key"),
        (google(404, "NOT_FOUND", "models/x is not found"), Blocked, "backend"),
        (google(400, "INVALID_ARGUMENT", "bad aspect ratio"), Permanent, None),
        (
            google(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota, please check your plan and billing details.",
                {"violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]},
            ),
            Blocked,
            "quota",
        ),
        (
            google(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota, please check your plan and billing details.",
                {"violations": [{"quotaId": "GenerateRequestsPerMinutePerProject"}]},
            ),
            Retryable,
            None,
        ),
        (google(500, "INTERNAL", "oops"), Retryable, None),
        (google(503, "UNAVAILABLE", "overloaded"), Retryable, None),
        (google(504, "DEADLINE_EXCEEDED", "late"), OutcomeUnknown, None),
        (instead({}), OutcomeUnknown, None),
        (instead({"candidates": 3}), OutcomeUnknown, None),
    ],
)
async def test_each_failure_is_of_the_kind_that_says_what_can_be_done(server, what, kind, reason):
    await SELLER.check_failure(server, what, kind, reason)


@pytest.mark.parametrize("reason", ["IMAGE_SAFETY", "PROHIBITED_CONTENT", "SAFETY"])
async def test_an_image_that_is_withheld_is_permanent_with_the_reason(server, provider, reason):
    provider.candidate = {"finishReason": reason}
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert reason in error.message


async def test_a_blocked_prompt_is_permanent(server, provider):
    provider.feedback = {"blockReason": "PROHIBITED_CONTENT"}
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "PROHIBITED_CONTENT" in error.message


async def test_words_instead_of_an_image_are_shown(server, provider):
    parts = [{"text": "Which barn?"}]
    provider.candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "Which barn?" in error.message


async def test_what_is_no_image_is_permanent_and_was_paid_for(server, provider):
    parts = [{"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}}]
    provider.candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    context = MemoryContext()
    error = await failure(backend(server, price_per_image=0.04), context)
    assert isinstance(error, Permanent)
    assert context.spent == 64_000


def test_sizes_are_those_that_the_model_has():
    assert [size_for(*s) for s in ((512, 512), (2048, 64), (64, 4096))] == ["1K", "2K", "4K"]


def test_the_key_has_a_second_name():
    assert not GeminiImages(GeminiImageSettings(), {"GOOGLE_API_KEY": SELLER.secret}).missing()


def inline(data: str, **more: Any) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": data}, **more}


@pytest.mark.parametrize(
    "usage", [{"promptTokenCount": 12.5}, {"candidatesTokenCount": -3}, [], "x", {"trafficType": 3}]
)
async def test_a_count_that_cannot_be_one_loses_no_image(server, usage):
    data = base64.b64encode(image()).decode()
    candidate = {"content": {"parts": [inline(data)]}, "finishReason": "STOP"}
    server.misbehave(instead({"candidates": [candidate], "usageMetadata": usage}))
    context = MemoryContext()
    made = await backend(server, price_per_image=0.01).generate(request(), context)
    assert made.image.size == len(image())
    assert context.spent == 16_000


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        ({"finishReason": "IMAGE_OTHER", "finishMessage": "Unable to show it."}, "Unable to show"),
        ({"finishReason": "IMAGE_SAFETY", "finishMessage": "Rule 7."}, "IMAGE_SAFETY Rule 7."),
        ({"finishReason": "SOMETHING_NEW"}, "SOMETHING_NEW"),
        ({"content": {"parts": [{"text": "I cannot."}]}}, "I cannot."),
    ],
)
async def test_why_there_is_no_image_is_told(server, candidate, words):
    server.misbehave(instead({"candidates": [candidate]}))
    assert words in (await failure(backend(server))).message


async def test_other_bytes_and_other_candidates_do_not_hide_the_image(server):
    data = base64.b64encode(image()).decode()
    sound = {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}}
    refused = {"finishReason": "SAFETY"}
    made = {"content": {"parts": [inline(data), sound]}}
    server.misbehave(instead({"candidates": [refused, made]}))
    found = await backend(server).generate(request(), MemoryContext())
    assert found.image.size == len(image())
