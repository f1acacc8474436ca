"""Stability AI: one multipart call, one image."""

import base64
import json

import pytest

from engine.backends.common.shapes import nearest
from engine.backends.stability import StabilitySettings
from engine.backends.stability.image import RATIOS
from engine.contract import (
    Blocked,
    OutcomeUnknown,
    Permanent,
    Retryable,
)
from engine.testing.context import MemoryContext
from tests.backends.image_sellers import STABILITY as SELLER
from tests.support.providers.images import image
from tests.support.providers.misbehaviour import (
    instead,
    status,
)

backend, request, failure = SELLER.backend, SELLER.request, SELLER.failure


async def test_an_image_comes_as_the_nearest_shape_with_its_own_seed(server, provider):
    context = MemoryContext()
    made = await backend(server, price_per_image=0.03).generate(
        request(negative_prompt="fog"), context
    )
    assert server.ledger[0].path == "/v2beta/stable-image/generate/core"
    assert provider.made == [
        {
            "prompt": "a röd barn".encode(),
            "negative_prompt": b"fog",
            "seed": b"256",
            "output_format": b"png",
            "aspect_ratio": b"16:9",
        }
    ]
    assert await context.read(made.image) == image(size=(40, 40), tint=1)
    assert made.seed == 7
    assert context.spent == 30_000


@pytest.mark.parametrize(
    ("model", "path", "more"),
    [
        ("ultra", "ultra", {"strength": b"0.6"}),
        (
            "sd3.5-large",
            "sd3",
            {"strength": b"0.6", "model": b"sd3.5-large", "mode": b"image-to-image"},
        ),
    ],
)
async def test_a_reference_goes_with_the_call(server, provider, model, path, more):
    context = MemoryContext()
    asked = request(reference=context.give(image()))
    await backend(server, model=model).generate(asked, context)
    assert server.ledger[0].path.endswith(path)
    (sent,) = provider.made
    assert sent["image"] == image()
    assert "aspect_ratio" not in sent
    assert more.items() <= sent.items()


async def test_core_refuses_a_reference_before_paying(server):
    context = MemoryContext()
    asked = request(reference=context.give(image()))
    with pytest.raises(Permanent, match="no reference"):
        await backend(server).generate(asked, context)
    assert server.ledger == []


@pytest.mark.parametrize(
    ("what", "kind", "reason"),
    [
        (status(401, {"name": "unauthorized", "errors": [f"no {SELLER.secret}"]}), Blocked, "key"),
        (status(402, {"name": "payment_required", "errors": ["no credits"]}), Blocked, "quota"),
        (status(403, {"name": "content_moderation", "errors": ["flagged"]}), Permanent, None),
        (status(400, {"name": "bad_request", "errors": ["seed: too large"]}), Permanent, None),
        (status(413, {"name": "payload_too_large", "errors": []}), Permanent, None),
        (status(429, {"name": "rate_limit_exceeded", "errors": []}), Retryable, None),
        (status(500, b"oops"), Retryable, None),
        (status(504, b"gateway"), OutcomeUnknown, None),
        (instead({"finish_reason": "SUCCESS"}), OutcomeUnknown, None),
        (instead({"image": "%%%"}), Permanent, None),
        (instead({"image": "aGVsbG8="}), Permanent, None),
    ],
)
async def test_each_failure_is_of_the_kind_that_says_what_can_be_done(server, what, kind, reason):
    await SELLER.check_failure(server, what, kind, reason)


async def test_what_a_filter_has_blurred_is_counted(server, provider):
    provider.reply = {"image": "AAAA", "finish_reason": "CONTENT_FILTERED"}
    context = MemoryContext()
    assert isinstance(await failure(backend(server, price_per_image=0.1), context), Permanent)
    assert context.spent == 100_000


async def test_what_a_filter_held_back_costs_nothing(server, provider):
    provider.reply = {"image": "", "finish_reason": "CONTENT_FILTERED"}
    context = MemoryContext()
    assert isinstance(await failure(backend(server, price_per_image=0.1), context), Permanent)
    assert context.spent == 0


async def test_an_image_that_is_none_was_paid_for(server, provider):
    provider.reply = {"image": "aGVsbG8=", "finish_reason": "SUCCESS"}
    context = MemoryContext()
    assert isinstance(await failure(backend(server, price_per_image=0.1), context), Permanent)
    assert context.spent == 100_000


def test_the_nearest_shape_is_that_of_the_nearest_ratio():
    sizes = [(1024, 1024), (2000, 1000), (1000, 2000), (640, 480), (64, 4096)]
    assert [nearest(*size, RATIOS) for size in sizes] == ["1:1", "16:9", "9:16", "5:4", "9:21"]
    assert nearest(1000, 1000, ("512x512", "1024x1024")) == "1024x1024"


def test_settings_survive_the_store_and_a_model_is_no_path():
    stored = json.dumps(StabilitySettings().model_dump(mode="json"))
    assert StabilitySettings.model_validate_json(stored) == StabilitySettings()
    with pytest.raises(ValueError, match="pattern"):
        StabilitySettings(model="../../admin")


@pytest.mark.parametrize(
    "fields",
    [{"seed": 5.5}, {"seed": None}, {"seed": "x"}, {"finish_reason": None}, {"seed": [1], "x": 2}],
)
async def test_a_field_that_is_not_needed_loses_no_image(server, fields):
    data = base64.b64encode(image()).decode()
    server.misbehave(instead({"image": data, **fields}))
    made = await backend(server).generate(request(), MemoryContext())
    assert made.image.size == len(image())
    assert made.seed == 2**40 % (2**32 - 1)


async def test_an_image_that_comes_as_such_is_taken(server):
    headers = {"content-type": "image/png", "seed": "7", "finish-reason": "SUCCESS"}
    server.misbehave(instead(image(), headers=headers))
    context = MemoryContext()
    made = await backend(server, price_per_image=0.03).generate(request(), context)
    assert (made.seed, context.spent) == (7, 30_000)
    headers["finish-reason"] = "CONTENT_FILTERED"
    server.misbehave(instead(image(), headers=headers))
    assert "content filter" in (await failure(backend(server))).message


async def test_the_form_of_the_earlier_interface_is_read(server):
    data = base64.b64encode(image()).decode()
    made = {"base64": data, "finishReason": "SUCCESS", "seed": 9}
    server.misbehave(instead({"artifacts": [made]}))
    found = await backend(server).generate(request(), MemoryContext())
    assert (found.image.size, found.seed) == (len(image()), 9)
    server.misbehave(instead({"artifacts": [{**made, "finishReason": "CONTENT_FILTERED"}]}))
    assert "content filter" in (await failure(backend(server))).message


async def test_why_there_is_no_image_is_told(server):
    server.misbehave(instead({"image": "", "finish_reason": "ERROR"}))
    assert "ERROR" in (await failure(backend(server))).message
