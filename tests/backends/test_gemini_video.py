"""Clips of Gemini, by Google's own client against the local server."""

import asyncio
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from engine.contract import Blocked, OutcomeUnknown, Permanent, Retryable, StepError
from engine.contract.video import VideoRequest
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext
from safelight.testing import VideoBackendContract
from tests.support.clips import clip
from tests.support.media_files import image
from tests.support.optional import needs
from tests.support.providers.gemini_content import quota
from tests.support.providers.gemini_interactions import GeminiInteractions
from tests.support.providers.misbehaviour import hang, instead, redirect, reset, status
from tests.support.providers.server import ProviderServer

needs("av", "cv2")
pytest.importorskip("google.genai")

SECRET = "AIzaSy-0123456789-abcdefghijklmnopqrstuv"
SUBMIT, LOOK, FILE = "^/v1beta/interactions$", "^/v1beta/interactions/", ":download"


@pytest.fixture
def provider() -> GeminiInteractions:
    return GeminiInteractions(clip(4.0))


def backend(server: ProviderServer, **settings: Any) -> Any:
    options = {"base_url": server.url, "timeout": 20, "poll_seconds": 0.002, **settings}
    keys = {"GEMINI_API_KEY": SECRET}
    return EntryPointCatalog().backend("video", "gemini-video", options, keys)


def request(**fields: Any) -> VideoRequest:
    wide = {"width": 1280, "height": 720, "seconds": 4.0}
    return VideoRequest(**{"prompt": "a red boat drifts", "seed": 11, **wide, **fields})


async def failure(made: Any, context: MemoryContext | None = None, **fields: Any) -> StepError:
    with pytest.raises(StepError) as caught:
        await made.generate_video(request(**fields), context or MemoryContext())
    assert SECRET not in f"{caught.value} {caught.value.remedy}"
    return caught.value


class TestGemini(VideoBackendContract):
    settings: ClassVar[dict[str, Any]] = {"price_per_video_second": 0.07}

    @pytest.fixture(autouse=True)
    def _with_server(self, provider: GeminiInteractions) -> Iterator[None]:
        provider.clip = clip(3.0)
        with ProviderServer(provider) as self.server:
            yield

    def make_backend(self) -> Any:
        return backend(self.server, **self.settings)


async def test_a_clip_is_submitted_stored_followed_fetched_and_counted(server, provider):
    context = MemoryContext()
    made = await backend(server, price_per_video_second=0.07).generate_video(
        request(first_image=context.give(image("PNG")), negative_prompt="text"), context
    )
    (asked,) = provider.asked
    [turn] = asked.pop("input")
    picture, words = turn["content"]
    assert (picture["type"], picture["mime_type"]) == ("image", "image/png")
    assert words["text"] == "a red boat drifts\n\nKeep out of the clip: text"
    assert asked == {
        "model": "gemini-omni-1.2-flash",
        "background": True,
        "store": True,
        "generation_config": {"video_config": {"task": "image_to_video"}},
        "response_format": {
            "type": "video", "aspect_ratio": "16:9", "resolution": "720p", "duration": "4s",
            "delivery": "uri",
        },
    }  # fmt: skip
    assert context.submissions == ["v1_1"]
    assert await context.read(made.video) == provider.clip
    assert [role for role, _ in context.roles] == ["video", "last-image"]
    assert (context.spent, len(made.notes), made.seed) == (280_000, 1, None)
    assert {call.headers.get("x-goog-api-key") for call in server.calls("/v1beta/")} == {SECRET}
    assert (provider.looks, provider.file_looks, len(server.calls(FILE))) == (3, 2, 1)


async def test_a_clip_inside_the_reply_is_kept_too(server, provider):
    provider.inline = True
    context = MemoryContext()
    made = await backend(server).generate_video(request(), context)
    assert await context.read(made.video) == provider.clip
    assert server.calls(FILE) == []


async def test_a_stored_request_is_gone_back_to_and_never_sent_again(server, provider):
    first = MemoryContext()
    await backend(server).generate_video(request(), first)
    later = MemoryContext(request_id=first.submissions[0])
    await backend(server).generate_video(request(), later)
    assert (len(provider.asked), later.submissions) == (1, [])


async def test_a_cancelled_call_leaves_its_request_to_the_next(server, provider):
    provider.statuses, context = ["in_progress"], MemoryContext()
    call = asyncio.create_task(backend(server).generate_video(request(), context))
    while not server.calls(LOOK):
        await asyncio.sleep(0.002)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    provider.statuses = ["completed"]
    await backend(server).generate_video(request(), context)
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (status(400, {"error": {"code": 400, "message": "bad duration"}}), Permanent),
        (status(403, {"error": {"code": 403, "message": f"key {SECRET}"}}), Blocked),
        (status(429, quota("RequestsPerMinute", "3s")), Retryable),
        (status(429, quota("RequestsPerDay")), Blocked),
        (reset(acted=True), OutcomeUnknown),
        (instead(b"<html>welcome</html>"), OutcomeUnknown),
        (instead(b"{}"), OutcomeUnknown),
    ],
)
async def test_a_failed_submit_says_what_can_be_done_and_is_not_repeated(server, what, kind):
    server.misbehave(what, path=SUBMIT)
    assert isinstance(await failure(backend(server)), kind)
    assert len(server.calls(SUBMIT)) == 1


@pytest.mark.parametrize("path", [LOOK, "^/v1beta/files/[^:]*$", FILE])
async def test_what_keeps_failing_keeps_the_request(server, provider, path):
    server.misbehave(reset(), path=path, times=float("inf"))
    context = MemoryContext()
    made = backend(server, price_per_video=0.2)
    error = await failure(made, context)
    assert isinstance(error, Retryable)
    assert not error.resubmit
    server.behave()
    await made.generate_video(request(), context)
    assert (len(provider.asked), context.spent) == (1, 200_000)


@pytest.mark.usefixtures("one_fetch")
async def test_a_download_that_stalls_is_counted_once_and_made_again(server, provider):
    server.misbehave(hang(), path=FILE, times=float("inf"))
    context = MemoryContext()
    error = await failure(backend(server, price_per_video=0.2, timeout=0.3), context)
    assert isinstance(error, Retryable)
    server.behave()
    await backend(server, price_per_video=0.2).generate_video(request(), context)
    assert (len(provider.asked), context.spent) == (1, 200_000)


async def test_a_request_that_google_does_not_know_is_not_submitted_again(server, provider):
    error = await failure(backend(server), MemoryContext(request_id="v1_9"))
    assert isinstance(error, Retryable)
    assert (error.resubmit, provider.asked) == (False, [])


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"output": [{"type": "text", "text": "I cannot do that."}]}, Permanent, "cannot do that"),
        ({"statuses": ["failed"], "errors": [{"code": "13", "message": "internal"}]}, Retryable,
         "internal"),
        ({"statuses": ["failed"], "errors": [{"message": "blocked by safety"}]}, Permanent,
         "safety"),
        ({"statuses": ["failed"], "errors": [{"code": "INVALID_ARGUMENT"}]}, Permanent,
         "INVALID_ARGUMENT"),
        ({"statuses": ["cancelled"]}, Retryable, "cancelled"),
    ],
)  # fmt: skip
async def test_a_request_without_a_clip_says_why_and_costs_nothing(
    server, provider, changes, kind, words
):
    for name, value in changes.items():
        setattr(provider, name, value)
    context = MemoryContext()
    error = await failure(backend(server, price_per_video=0.2), context)
    assert isinstance(error, kind)
    assert words in error.message
    assert context.spent == 0


async def test_a_file_that_google_could_not_store_is_permanent(server, provider):
    provider.file_states = ["FAILED"]
    assert isinstance(await failure(backend(server)), Permanent)


async def test_the_key_goes_nowhere_else(server, provider):
    provider.output = [{"type": "video", "uri": "https://elsewhere.example/clip.mp4"}]
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "elsewhere.example" in error.message
    with ProviderServer(provider) as other:
        provider.output = None
        away = redirect(f"{other.url}/v1beta/files/v1_1-clip:download")
        server.misbehave(away, path=FILE)
        made = backend(server, download_hosts=["127.0.0.1", "localhost"])
        await made.generate_video(request(), MemoryContext())
        (call,) = other.calls(FILE)
    assert "x-goog-api-key" not in call.headers


async def test_lengths_sizes_and_prices_are_those_of_the_model(server):
    made = backend(server, price_per_video_second=0.07)
    assert made.info.longest_within(7.9) == 7
    assert made.info.nearest_size(1920, 1080) == (1920, 1080)
    assert made.worst_cost(request(width=1920, height=1080)) == 420_000
    assert made.usual_cost() == (71_400, 3_150_000)
    assert max(backend(server, model="gemini-omni-1.1-flash").info.lengths) == 10
    error = await failure(made, seconds=16)
    assert "16 are asked for" in error.message
    assert server.ledger == []
