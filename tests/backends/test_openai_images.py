"""OpenAI's images, by its own client against the local server."""

import base64

import pytest

from engine.backends.openai.images import OpenAIImages, size_for
from engine.backends.openai.settings import OpenAISettings
from engine.contract import (
    Blocked,
    OutcomeUnknown,
    Permanent,
    Retryable,
)
from engine.testing.context import MemoryContext
from tests.backends.image_sellers import OPENAI as SELLER
from tests.support.providers.images import image
from tests.support.providers.misbehaviour import (
    drip,
    hang,
    instead,
    reset,
    status,
)
from tests.support.providers.stability import parts

backend, request, failure = SELLER.backend, SELLER.request, SELLER.failure


def refusal(code: int, kind: str, message: str) -> status:
    return status(code, {"error": {"message": message, "type": kind, "code": kind}})


async def test_a_gpt_model_is_asked_for_png_at_the_size_that_is_wanted(server, provider):
    context = MemoryContext()
    asked = request(negative_prompt="fog")
    made = await backend(server, price_image=0.04).generate(asked, context)
    assert provider.asked == [
        {
            "model": "gpt-image-2.5-flare",
            "prompt": "a red barn\n\nKeep out of the image: fog",
            "size": "1504x992",
            "n": 1,
            "output_format": "png",
        }
    ]
    assert await context.read(made.image) == image(size=(48, 48), tint=1)
    assert made.seed == 5
    assert context.spent == 40_000


async def test_what_it_has_cost_is_by_the_tokens_that_are_counted(server, provider):
    provider.usage = {"input_tokens": 50, "output_tokens": 439, "total_tokens": 489}
    prices = {"price_image": 0.211, "price_image_input": 8, "price_image_output": 30}
    made, context = backend(server, **prices), MemoryContext()
    await made.generate(request(), context)
    assert (context.spent, context.tokens) == (50 * 8 + 439 * 30, (50, 439))
    assert made.worst_cost(request()) == 211_000
    without = MemoryContext()
    await backend(server, price_image=0.211).generate(request(), without)
    assert without.spent == 211_000


@pytest.mark.parametrize("by_url", [False, True])
async def test_dall_e_3_is_asked_in_its_own_way(server, provider, by_url):
    provider.by_url = by_url
    made = await backend(server, image_model="dall-e-3").generate(request(), MemoryContext())
    (asked,) = provider.asked
    assert (asked["size"], asked["response_format"]) == ("1792x1024", "b64_json")
    assert "output_format" not in asked
    assert made.image.size


async def test_a_reference_makes_it_an_edit(server, provider):
    context = MemoryContext()
    asked = request(reference=context.give(image()))
    await backend(server, image_quality="low").generate(asked, context)
    assert server.ledger[0].path == "/v1/images/edits"
    (form,) = provider.asked
    assert (form["image"], form["quality"]) == (image(), b"low")


async def test_several_references_go_with_one_edit_in_their_order(server, provider):
    context = MemoryContext()
    given = [image(tint=number) for number in range(3)]
    first, *more = (context.give(data) for data in given)
    await backend(server).generate(request(reference=first, more_references=more), context)
    assert [data for name, data in parts(server.ledger[0]) if name == "image[]"] == given


def test_sizes_are_those_that_the_model_makes():
    new, old = "gpt-image-2.5-flare", "gpt-image-1.5"
    assert size_for(new, 1920, 1080) == "1920x1088"
    assert size_for(new, 512, 512) == "1024x1024"
    assert size_for(new, 4096, 512) == "1536x1024"
    assert size_for(old, 1920, 1080) == "1536x1024"
    assert size_for("dall-e-3", 1000, 2000) == "1024x1792"
    assert size_for("dall-e-2", 500, 500) == "512x512"
    assert size_for("stable-diffusion", 640, 480) == "640x480"


@pytest.mark.parametrize(
    ("what", "kind", "reason"),
    [
        (refusal(401, "invalid_api_key", f"Incorrect API key: {SELLER.secret}"), Blocked, "key"),
        (refusal(429, "insufficient_quota", "check your plan and billing"), Blocked, "quota"),
        (refusal(429, "rate_limit_exceeded", "slow down"), Retryable, None),
        (refusal(400, "moderation_blocked", "rejected by our safety system"), Permanent, None),
        (refusal(400, "invalid_size", "no such size"), Permanent, None),
        (refusal(404, "model_not_found", "no such model"), Blocked, "backend"),
        (refusal(500, "server_error", "oops"), Retryable, None),
        (status(502, b"<html>"), OutcomeUnknown, None),
        (instead({"created": 1}), OutcomeUnknown, None),
        (instead({"data": []}), Permanent, None),
        (instead({"data": [{"b64_json": "aGVsbG8="}]}), Permanent, None),
        (instead({"data": [{"url": "https://evil.example/x.png"}]}), Permanent, None),
    ],
)
async def test_each_failure_is_of_the_kind_that_says_what_can_be_done(server, what, kind, reason):
    await SELLER.check_failure(server, what, kind, reason)


@pytest.mark.parametrize("what", [reset(), drip(0.02), hang(acted=True)])
async def test_a_file_that_cannot_be_fetched_is_fetched_later_and_not_paid_for_again(
    server, provider, what
):
    provider.by_url, context = True, MemoryContext()
    server.misbehave(reset(), path="^/files/", times=2)
    server.misbehave(what, path="^/files/", times=float("inf"))
    made = backend(server, image_model="dall-e-3", price_image=0.04, timeout=0.3)
    error = await failure(made, context)
    assert isinstance(error, Retryable)
    assert not error.resubmit
    assert len(server.calls("^/files/")) == 3
    assert (context.request_id, context.spent) == (f"{server.url}/files/1.png", 40_000)
    server.behave()
    later = MemoryContext(request_id=context.request_id)
    assert (await made.generate(request(), later)).image.size
    assert (len(provider.asked), later.spent) == (1, 0)


async def test_a_server_of_this_machine_needs_no_key_and_is_asked_again(server):
    settings = OpenAISettings(base_url=f"{server.url}/v1")
    made = OpenAIImages(settings, {})
    assert (made.missing(), made.info.paid) == ([], False)
    server.misbehave(reset(acted=True))
    assert isinstance(await failure(made), Retryable)
    assert OpenAIImages(OpenAISettings(), {}).missing()[0].what == "OPENAI_API_KEY"


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"input_tokens": -1, "output_tokens": 12.5},
        {"input_tokens": None, "output_tokens": None},
        {"output_tokens": True},
        7,
    ],
)
async def test_a_count_that_cannot_be_one_loses_no_image(server, provider, usage):
    data = base64.b64encode(image()).decode()
    provider.reply = {"data": [{"b64_json": data}], "usage": usage}
    context = MemoryContext()
    prices = {"price_image": 0.04, "price_image_output": 30.0}
    made = await backend(server, **prices).generate(request(), context)
    assert made.image.size == len(image())
    assert (context.spent, context.tokens) == (40_000, (0, 0))


async def test_tokens_are_counted_under_their_other_names(server, provider):
    data = base64.b64encode(image()).decode()
    usage = {"prompt_tokens": 10, "completion_tokens": 1000.0}
    provider.reply = {"data": [{"b64_json": data}], "usage": usage}
    context = MemoryContext()
    await backend(server, price_image_output=30.0).generate(request(), context)
    assert (context.spent, context.tokens) == (30_000, (10, 1000))


@pytest.mark.parametrize("where", ["http://localhost:{port}/files/x", "/files/x"])
@pytest.mark.parametrize("name", ["data", "images"])
async def test_an_image_is_fetched_from_wherever_the_server_says_it_is(
    server, provider, name, where
):
    url = where.format(port=server.port)
    provider.reply = {name: [{"url": url}]}
    made = await backend(server).generate(request(), MemoryContext())
    assert made.image.size


async def test_a_host_that_is_not_fetched_from_names_the_setting(server, provider):
    provider.reply = {"data": [{"url": "https://cdn.example.com/x.png"}]}
    assert "openai.download_hosts" in (await failure(backend(server))).remedy


@pytest.mark.parametrize("code", [200, 400])
async def test_moderation_is_a_refusal_with_any_status(server, code):
    body = {"error": {"message": "Your request was flagged", "code": "moderation_blocked"}}
    server.misbehave(instead(body, code=code))
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "Your request was flagged" in error.message
