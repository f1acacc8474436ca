"""fal, by fal's own client against the local server."""

import asyncio
import json

import pytest

from engine.backends.fal import FalSettings
from engine.backends.fal.image import FalImages
from engine.backends.fal.inputs import arguments, endpoint, version_of
from engine.backends.fal.ticket import FalTicket
from engine.contract import (
    Blocked,
    GeneratedImage,
    OutcomeUnknown,
    Permanent,
    Retryable,
)
from engine.testing.context import MemoryContext
from tests.backends.image_sellers import FAL as SELLER
from tests.support.providers.images import image
from tests.support.providers.misbehaviour import (
    cut_short,
    drip,
    hang,
    huge,
    instead,
    redirect,
    reset,
    status,
    truncated,
)

backend, request, failure = SELLER.backend, SELLER.request, SELLER.failure

SUBMIT, STATUS, RESULT, FILE = "^/fal-ai/[^?]*sdxl$", "/status", r"/requests/[^/?]+$", "^/files/"


async def test_an_image_is_submitted_stored_followed_and_fetched(server, provider):
    context = MemoryContext()
    made = await backend(server, price_per_image=0.002).generate(request(), context)
    (generation,) = provider.generations
    assert generation.arguments == {
        "prompt": "a red barn",
        "num_images": 1,
        "seed": 11,
        "image_size": {"width": 512, "height": 384},
        "format": "png",
    }
    assert context.submissions == [f"fal-ai/fast-lightning-sdxl/requests/{generation.id}"]
    assert context.roles[0][0] == "image"
    assert await context.read(made.image) == image(tint=0)
    assert made.seed == 42
    assert context.spent == 2000
    assert (None, "in fal's queue, 2 before it") in context.shown
    assert (0.5, "50%|## | 2/4") in context.shown
    assert server.calls(SUBMIT)[0].headers["authorization"] == f"Key {SELLER.secret}"
    assert "authorization" not in server.calls(FILE)[0].headers


async def test_the_key_has_a_second_name():
    assert not FalImages(FalSettings(), {"FAL_AI_API_KEY": SELLER.secret}).missing()


async def test_a_stored_request_is_gone_back_to_and_never_sent_again(server, provider):
    first = MemoryContext()
    await backend(server).generate(request(), first)
    later = MemoryContext(request_id=first.submissions[0])
    made = await backend(server).generate(request(), later)
    assert isinstance(made, GeneratedImage)
    assert len(provider.generations) == 1
    assert later.submissions == []


async def test_addresses_of_an_endpoint_with_a_path_are_those_of_the_reply(server, provider):
    context = MemoryContext()
    await backend(server, model="fal-ai/flux/dev").generate(request(), context)
    assert context.submissions[0].startswith("fal-ai/flux/requests/")
    assert not server.calls("/dev/requests")


async def test_no_reply_can_send_the_key_to_another_host(server, provider):
    provider.host = "https://elsewhere.example"
    made = await backend(server).generate(request(), MemoryContext())
    assert made.image.size


async def test_a_reply_without_usable_addresses_is_followed_by_its_id(server, provider):
    provider.host = "data:,"
    made = await backend(server).generate(request(), MemoryContext())
    assert made.image.size


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (status(401, {"detail": f"Cannot access application: Key {SELLER.secret}"}), Blocked),
        (status(403, {"detail": "User is locked. Reason: Exhausted balance."}), Blocked),
        (status(402, {"detail": "no credit"}), Blocked),
        (status(404, {"detail": "Application not found"}), Blocked),
        (status(422, {"detail": [{"msg": "too long", "type": "value_error"}]}), Permanent),
        (status(429, {"detail": "slow down"}, retry_after="3"), Retryable),
        (status(500, {"detail": "oops"}), Retryable),
        (status(503, {"detail": "busy"}), Retryable),
        (redirect("http://localhost:9/"), Blocked),
    ],
)
async def test_a_refused_submit_is_of_the_kind_that_says_what_can_be_done(
    server, provider, what, kind
):
    server.misbehave(what, path=SUBMIT)
    error = await failure(backend(server))
    assert isinstance(error, kind)
    assert len(server.calls(SUBMIT)) == 1
    assert provider.generations == []


async def test_quota_and_key_are_told_apart_and_waits_are_kept(server):
    server.misbehave(status(403, {"detail": "User is locked. Reason: Exhausted balance."}))
    server.misbehave(status(401, {"detail": "bad key"}))
    server.misbehave(status(429, {"detail": "slow down"}, retry_after="3"))
    reasons = [await failure(backend(server)) for _ in range(3)]
    assert [getattr(error, "reason", None) for error in reasons] == ["quota", "key", None]
    assert reasons[2].retry_after == 3  # type: ignore[attr-defined]


async def test_a_refused_prompt_is_permanent_with_the_reason(server):
    detail = [{"msg": "flagged by a content checker", "type": "content_policy_violation"}]
    server.misbehave(status(422, {"detail": detail}), path=SUBMIT)
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "flagged by a content checker" in error.message


@pytest.mark.parametrize(
    "what",
    [
        reset(acted=True),
        truncated(0.4),
        cut_short(0.4),
        instead(b"<html>welcome</html>"),
        instead({"status": "IN_QUEUE"}),
        instead([1, 2]),
        instead({"request_id": "../../x", "response_url": 3, "status_url": "", "cancel_url": ""}),
        status(502, b"<html>bad gateway</html>"),
    ],
)
async def test_a_submit_of_unknown_outcome_is_never_sent_again_unasked(server, provider, what):
    server.misbehave(what, path=SUBMIT)
    assert isinstance(await failure(backend(server)), OutcomeUnknown)
    assert len(server.calls(SUBMIT)) == 1


async def test_a_cheap_submit_of_unknown_outcome_is_sent_again(server):
    server.misbehave(reset(acted=True), path=SUBMIT)
    error = await failure(backend(server, price_per_image=0.002))
    assert isinstance(error, Retryable)
    assert error.resubmit


@pytest.mark.parametrize(
    "what",
    [
        status(500),
        status(429, retry_after="0"),
        reset(),
        truncated(0.5),
        instead(b"not json"),
        instead({"status": "DREAMING"}),
        instead({}),
        status(404, {"detail": "not yet"}),
    ],
)
async def test_a_look_that_fails_is_taken_again(server, provider, what):
    server.misbehave(what, path=STATUS, times=2)
    context = MemoryContext()
    await backend(server).generate(request(), context)
    assert len(provider.generations) == 1
    assert len(context.submissions) == 1


@pytest.mark.parametrize("path", [STATUS, RESULT])
async def test_looks_that_keep_failing_keep_the_request(server, provider, path):
    server.misbehave(reset(), path=path, times=float("inf"))
    context = MemoryContext()
    error = await failure(backend(server), context)
    assert isinstance(error, Retryable)
    assert not error.resubmit
    server.behave()
    await backend(server).generate(request(), context)
    assert len(provider.generations) == 1


@pytest.mark.parametrize("path", [STATUS, RESULT])
async def test_a_reply_without_end_is_not_read(server, path):
    server.misbehave(huge(size=200 * 2**20), path=path)
    error = await failure(backend(server))
    assert "MiB" in error.message


@pytest.mark.parametrize(
    ("ended", "kind", "anew"),
    [
        ({"error": "flagged", "error_type": "content_policy_violation"}, Permanent, False),
        ({"error": "steps must be 4", "error_type": "bad_request"}, Permanent, False),
        ({"error": "runner went away", "error_type": "runner_disconnected"}, Retryable, True),
        ({"error": "?"}, Retryable, True),
    ],
)
async def test_completed_can_be_a_failure(server, provider, ended, kind, anew):
    provider.steps = [{"status": "COMPLETED", "logs": [], **ended}]
    context = MemoryContext()
    error = await failure(backend(server, price_per_image=0.1), context)
    assert isinstance(error, kind)
    assert getattr(error, "resubmit", False) is anew
    assert context.spent == 0


@pytest.mark.parametrize(
    ("code", "result", "kind", "anew"),
    [
        (422, {"detail": [{"msg": "nsfw", "type": "content_policy_violation"}]}, Permanent, False),
        (422, {"detail": "bad size"}, Permanent, False),
        (500, {"detail": "out of memory"}, Retryable, True),
        (404, {"detail": "no such result"}, Permanent, False),
    ],
)
async def test_a_result_that_is_an_error_is_the_models_own(
    server, provider, code, result, kind, anew
):
    provider.result, provider.result_status = result, code
    error = await failure(backend(server))
    assert isinstance(error, kind)
    assert getattr(error, "resubmit", False) is anew


@pytest.mark.parametrize("code", [408, 429, 502, 503, 504])
async def test_a_gateway_before_a_result_is_no_word_of_the_model(server, provider, code):
    server.misbehave(status(code), path=RESULT)
    context = MemoryContext()
    error = await failure(backend(server), context)
    assert isinstance(error, Retryable)
    assert not error.resubmit
    await backend(server).generate(request(), context)
    assert len(provider.generations) == 1
    for own in (
        status(code, headers={"x-fal-error-type": "runner_error"}),
        status(code, {"detail": "Generation timed out", "error_type": "generation_timeout"}),
    ):
        server.misbehave(own, path=RESULT)
        assert (await failure(backend(server))).resubmit  # type: ignore[attr-defined]


@pytest.mark.parametrize("what", [reset(), status(502), huge(size=200 * 2**20)])
async def test_a_result_that_cannot_be_read_is_counted_once(server, provider, what):
    server.misbehave(what, path=RESULT, times=float("inf"))
    context = MemoryContext()
    made = backend(server, price_per_image=0.5)
    await failure(made, context)
    assert context.spent == 500_000
    server.behave()
    await made.generate(request(), context)
    assert (len(provider.generations), context.spent) == (1, 500_000)


@pytest.mark.usefixtures("one_fetch")
@pytest.mark.parametrize("what", [reset(), drip(pause=0.05), hang()])
async def test_an_image_whose_download_fails_is_counted_and_downloaded_again(
    server, provider, what
):
    server.misbehave(what, path=FILE, times=float("inf"))
    context = MemoryContext()
    made = backend(server, price_per_image=0.5, timeout=0.3)
    error = await failure(made, context)
    assert isinstance(error, Retryable)
    assert not error.resubmit
    assert context.spent == 500_000
    server.behave()
    await made.generate(request(), context)
    assert (len(provider.generations), context.spent) == (1, 500_000)


@pytest.mark.parametrize(
    "result",
    [
        {"images": []},
        {"video": {"url": "x"}},
        {"images": [{"nothing": 1}]},
        [],
        {"images": [{"url": "https://fal.media/x.png"}], "has_nsfw_concepts": [True]},
        {"images": [{"url": "data:image/png;base64,AAAA"}]},
        {"images": [{"url": "data:text/plain,hello"}]},
    ],
)
async def test_a_result_without_an_image_is_permanent_and_was_paid_for(server, provider, result):
    provider.result, context = result, MemoryContext()
    error = await failure(backend(server, price_per_image=0.5), context)
    assert isinstance(error, Permanent)
    assert (len(provider.generations), context.spent) == (1, 500_000)


async def test_what_is_no_image_is_fetched_three_times_and_made_once(server, provider):
    server.misbehave(instead(b"<html>", headers={}), path=FILE, times=float("inf"))
    context = MemoryContext()
    error = await failure(backend(server, price_per_image=0.1), context)
    assert isinstance(error, Permanent)
    assert len(server.calls(FILE)) == 3
    assert len(provider.generations) == 1
    assert context.spent == 100_000


async def test_a_file_that_comes_broken_is_fetched_again(server, provider):
    provider.kind = "JPEG"
    server.misbehave(truncated(0.5), path=FILE)
    server.misbehave(instead(image("JPEG")[:200], headers={}), path=FILE)
    made = await backend(server).generate(request(), MemoryContext())
    assert made.image.size == len(image("JPEG", tint=0))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x.png",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://fal.media@evil.example/x.png",
        "https://notfal.media/x.png",
        "http://[::1/",
        "",
    ],
)
async def test_an_image_on_another_host_is_not_fetched(server, provider, url):
    provider.file_url = url or " "
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "download_hosts" in error.remedy


async def test_an_image_is_not_followed_to_another_host(server):
    server.misbehave(redirect("http://localhost:9/files/x", 302), path=FILE)
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert len(server.calls("localhost|^/files")) == 1


async def test_a_reference_image_goes_to_the_endpoint_that_takes_one(server, provider):
    context = MemoryContext()
    reference = context.give(image())
    await backend(server).generate(request(reference=reference), context)
    (generation,) = provider.generations
    assert generation.endpoint == "fal-ai/fast-lightning-sdxl/image-to-image"
    assert generation.arguments["image_url"].startswith("data:image/png;base64,")


async def test_a_model_that_takes_a_list_is_sent_all_references(server, provider):
    context = MemoryContext()
    first, *more = (context.give(image(tint=number)) for number in range(3))
    made = backend(server, model="fal-ai/nano-banana")
    await made.generate(request(reference=first, more_references=more), context)
    (taken,) = provider.generations
    assert taken.endpoint == "fal-ai/nano-banana/edit"
    assert [uri.partition(",")[0] for uri in taken.arguments["image_urls"]] == [
        "data:image/png;base64"
    ] * 3
    assert len(set(taken.arguments["image_urls"])) == 3


async def test_a_model_not_known_to_take_a_reference_refuses_it_before_paying(server, provider):
    context = MemoryContext()
    asked = request(reference=context.give(image()))
    with pytest.raises(Permanent, match="not known to take"):
        await backend(server, model="someone/painter").generate(asked, context)
    assert server.ledger == []
    told = FalSettings(model="someone/painter", reference_field="images")
    assert endpoint(told, has_reference=True) == "someone/painter"
    assert arguments(told, asked, ["data:x"])["images"] == ["data:x"]


def test_inputs_go_by_the_model_and_settings_win():
    settings = FalSettings(model="fal-ai/fast-sdxl", arguments={"num_inference_steps": 8})
    sent = arguments(settings, request(negative_prompt="fog", seed=2**40 + 5), None)
    assert sent["negative_prompt"] == "fog"
    assert sent["num_inference_steps"] == 8
    assert sent["seed"] == 5
    assert version_of(FalSettings()) == "1"
    assert version_of(settings) not in {"1", version_of(FalSettings(arguments={"a": 1}))}


def test_a_ticket_survives_storing_and_refuses_what_is_none():
    base = "https://gateway.example/fal"
    url = f"{base}/fal-ai/flux/requests/abc"
    ticket = FalTicket.from_urls("abc", url, f"{url}/state", base)
    assert str(ticket) == "fal-ai/flux/requests/abc fal-ai/flux/requests/abc/state"
    assert FalTicket.read(str(ticket)) == ticket
    assert ticket.request_id == "abc"
    for text in ("", "abc", "a/../../b", "https://evil.example/x", "a/b/c d e"):
        with pytest.raises(ValueError, match="cannot be read"):
            FalTicket.read(text)


async def test_the_clients_own_retries_are_off(server):
    import fal_client.client

    server.misbehave(status(429, {"detail": "slow down"}), path=SUBMIT, times=float("inf"))
    await failure(backend(server))
    assert fal_client.client.MAX_ATTEMPTS == 1
    assert len(server.calls(SUBMIT)) == 1


async def test_many_at_once_stay_apart(server, provider):
    contexts = [MemoryContext() for _ in range(8)]
    made = backend(server)
    await asyncio.gather(
        *(made.generate(request(prompt=f"p{n}"), c) for n, c in enumerate(contexts))
    )
    prompts = {g.id: g.arguments["prompt"] for g in provider.generations}
    for number, context in enumerate(contexts):
        assert prompts[context.submissions[0].rpartition("/")[2]] == f"p{number}"


def test_settings_hold_no_key_and_no_plain_address():
    dumped = json.dumps(FalSettings().model_dump(mode="json"))
    assert FalSettings.model_validate_json(dumped) == FalSettings()
    for bad in ("http://queue.fal.run", "https://key@queue.fal.run"):
        with pytest.raises(ValueError, match="must"):
            FalSettings(base_url=bad)


async def test_a_price_a_second_goes_by_the_models_own_time(server):
    context = MemoryContext()
    await backend(server, price_per_second=0.001).generate(request(), context)
    assert context.spent == 1500


@pytest.mark.parametrize("time", [None, "", "soon", -1, float("inf"), True, 10**400, [1.5]])
async def test_a_time_that_is_not_known_counts_as_the_most_that_was_reserved(
    server, provider, time
):
    provider.steps = [{"status": "COMPLETED", "metrics": {"inference_time": time}}]
    context = MemoryContext()
    made = backend(server, price_per_second=0.001, max_seconds=40)
    await made.generate(request(), context)
    assert context.spent == made.worst_cost(request()) == 40_000


async def test_a_time_in_quotes_is_one(server, provider):
    provider.steps = [{"status": "COMPLETED", "metrics": {"inference_time": "1.5"}}]
    context = MemoryContext()
    await backend(server, price_per_second=0.001).generate(request(), context)
    assert context.spent == 1500


VEST = "a worker in a safety vest"


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        (
            [
                {
                    "loc": ["body", "image_size", "width"],
                    "msg": "Input should be greater than or equal to 512",
                    "type": "greater_than_equal",
                    "input": {"prompt": VEST, "enable_safety_checker": True},
                }
            ],
            "image_size.width: Input should be greater than or equal to 512",
        ),
        ([{"msg": "Failed to download the file", "type": "file_download_error"}], "download"),
    ],
)
@pytest.mark.parametrize("path", [SUBMIT, RESULT])
async def test_an_input_that_does_not_fit_is_no_refusal(server, path, detail, said):
    server.misbehave(status(422, {"detail": detail, "input": {"prompt": VEST}}), path=path)
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "refused" not in error.message
    assert said in error.message
    assert VEST not in error.message


async def test_a_refusal_goes_by_its_type_and_keeps_its_own_words(server, provider):
    detail = [{"loc": ["body", "prompt"], "msg": "Not this.", "type": "content_policy_violation"}]
    provider.result, provider.result_status = {"detail": detail}, 422
    error = await failure(backend(server))
    assert error.message == "fal refused the request: prompt: Not this. (content_policy_violation)"


@pytest.mark.parametrize(
    "result",
    [
        {"images": [{"url": "{url}"}], "has_nsfw_concepts": [None], "seed": 5.5},
        {"images": ["{url}"], "has_nsfw_concepts": None, "seed": 2**70},
        {"images": None, "image": {"url": "{url}"}, "seed": "x", "timings": [1]},
    ],
)
async def test_a_field_that_is_not_needed_loses_no_image(server, provider, result):
    url = f"{server.url}/files/x.png"
    provider.result = json.loads(json.dumps(result).replace("{url}", url))
    made = await backend(server).generate(request(), MemoryContext())
    assert made.image.size
    assert made.seed == 11


async def test_a_model_that_makes_words_instead_is_quoted(server, provider):
    provider.result = {"images": [], "description": "I am unable to generate that."}
    assert "I am unable to generate that." in (await failure(backend(server))).message
    provider.result = {"images": [], "has_nsfw_concepts": [True]}
    assert "safety checker" in (await failure(backend(server))).message


async def test_a_request_that_was_taken_needs_no_more_than_its_id(server, provider):
    provider.taken_fields = ("request_id",)
    context = MemoryContext()
    await backend(server).generate(request(), context)
    assert len(provider.generations) == 1


@pytest.mark.parametrize(
    "ended", [{"status": "COMPLETED", "error": "Too slow"}, {"status": "FAILED", "logs": None}]
)
async def test_a_failure_is_known_without_the_fields_beside_it(server, provider, ended):
    provider.steps = [ended]
    error = await failure(backend(server))
    assert isinstance(error, Retryable)
    assert error.resubmit
