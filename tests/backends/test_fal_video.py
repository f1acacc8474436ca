"""Clips of fal, by fal's own client against the local server."""

import asyncio
import datetime as dt
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from engine.backends.fal import FalSettings
from engine.backends.fal.video_inputs import clips_version
from engine.backends.fal.video_models import clip_model
from engine.contract import Blocked, OutcomeUnknown, Permanent, Retryable, StepError
from engine.contract.video import GeneratedVideo, VideoRequest
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.money.prices import load_prices, prices_for
from engine.testing.context import MemoryContext
from safelight.testing import VideoBackendContract
from tests.backends.image_sellers import FAL as SELLER
from tests.support.clips import clip
from tests.support.media_files import image
from tests.support.optional import needs
from tests.support.providers.fal import FalQueue
from tests.support.providers.misbehaviour import hang, instead, reset, status
from tests.support.providers.server import ProviderServer

needs("av", "cv2")

KLING, SMALL_KLING = (
    f"fal-ai/kling-video/v2.5-turbo/{name}/image-to-video" for name in ("pro", "standard")
)
VEO = "fal-ai/veo3.1/fast/image-to-video"
WAN, LTX = "fal-ai/wan/v2.2-a14b/image-to-video", "fal-ai/ltx-2.3/image-to-video/fast"
HAILUO = "fal-ai/minimax/hailuo-02/standard/image-to-video"
SUBMIT, STATUS = "/(image|text|first-last-frame)-to-video", "/status"
RESULT, FILE = r"/requests/[^/?]+$", "^/files/"


@pytest.fixture
def provider() -> FalQueue:
    return FalQueue(clip=clip(5.0))


def backend(server: ProviderServer, **settings: Any) -> Any:
    options = {"base_url": server.url, "timeout": 20, "poll_seconds": 0.002, **settings}
    return EntryPointCatalog().backend("video", "fal", options, {"FAL_KEY": SELLER.secret})


def request(**fields: Any) -> VideoRequest:
    wide = {"width": 1920, "height": 1080, "seconds": 5.0}
    return VideoRequest(**{"prompt": "a red boat drifts", "seed": 11, **wide, **fields})


async def failure(made: Any, context: MemoryContext | None = None, **fields: Any) -> StepError:
    with pytest.raises(StepError) as caught:
        await made.generate_video(request(**fields), context or MemoryContext())
    shown = f"{caught.value} {caught.value.remedy}"
    assert not any(part in shown for part in SELLER.secret.split(":"))
    return caught.value


class _OnServer(VideoBackendContract):
    settings: ClassVar[dict[str, Any]] = {}
    seconds: ClassVar = 5.0

    @pytest.fixture(autouse=True)
    def _with_server(self, provider: FalQueue) -> Iterator[None]:
        provider.clip = clip(self.seconds)
        with ProviderServer(provider) as self.server:
            yield

    def make_backend(self) -> Any:
        return backend(self.server, **self.settings)


class TestKling(_OnServer):
    settings: ClassVar = {"price_per_video_second": 0.07}


class TestVeo(_OnServer):
    settings: ClassVar = {"video_model": VEO, "price_per_video": 0.8}
    seconds: ClassVar = 4.0


async def test_a_clip_is_submitted_stored_followed_fetched_and_counted(server, provider):
    context = MemoryContext()
    first, last = context.give(image("PNG")), context.give(image("JPEG"))
    made = await backend(server, price_per_video_second=0.07).generate_video(
        request(first_image=first, last_image=last, guidance=0.7, negative_prompt="text"), context
    )
    (generation,) = provider.generations
    sent = generation.arguments
    assert generation.endpoint == KLING
    assert sent.pop("image_url").startswith("data:image/png;base64,")
    assert sent.pop("tail_image_url").startswith("data:image/jpeg;base64,")
    assert sent == {
        "prompt": "a red boat drifts",
        "duration": "5",
        "negative_prompt": "text",
        "cfg_scale": 0.7,
    }
    assert context.submissions == [f"fal-ai/kling-video/requests/{generation.id}"]
    assert [role for role, _ in context.roles] == ["video", "last-image"]
    assert await context.read(made.video) == provider.clip
    assert (made.video.kind, made.video.facts["frames"], made.seed) == ("video", 40, None)
    assert context.spent == 350_000
    assert "authorization" not in server.calls(FILE)[0].headers

    from PIL import Image

    with Image.open(io.BytesIO(await context.read(made.last_image))) as opened:
        red, green, blue = opened.getpixel((5, 5))
    assert (opened.format, opened.size) == ("PNG", (128, 72))
    assert green > 2 * max(red, blue)


async def test_a_stored_request_is_gone_back_to_and_never_sent_again(server, provider):
    first = MemoryContext()
    await backend(server).generate_video(request(), first)
    later = MemoryContext(request_id=first.submissions[0])
    assert isinstance(await backend(server).generate_video(request(), later), GeneratedVideo)
    assert (len(provider.generations), later.submissions) == (1, [])


@pytest.mark.parametrize(
    ("settings", "fields", "endpoint", "sent"),
    [
        (
            {},
            {"width": 1000, "height": 1000},
            "fal-ai/kling-video/v2.5-turbo/pro/text-to-video",
            {"duration": "5", "aspect_ratio": "1:1"},
        ),
        (
            {"video_model": VEO},
            {"seconds": 6, "sound": True},
            "fal-ai/veo3.1/fast",
            {
                "duration": "6s", "aspect_ratio": "16:9", "resolution": "1080p", "seed": 11,
                "generate_audio": True,
            },
        ),
        (
            {"video_model": LTX},
            {"seconds": 12, "width": 2160, "height": 3840},
            "fal-ai/ltx-2.3/text-to-video/fast",
            {
                "duration": 12, "aspect_ratio": "9:16", "resolution": "1080p", "fps": 25,
                "generate_audio": False,
            },
        ),
        (
            {"video_model": "someone/clips", "video_arguments": {"duration": 3, "x": 1}},
            {},
            "someone/clips",
            {"duration": 3, "aspect_ratio": "16:9", "seed": 11, "x": 1},
        ),
    ],
)  # fmt: skip
async def test_words_alone_go_to_the_endpoint_for_words(
    server, provider, settings, fields, endpoint, sent
):
    await backend(server, **settings).generate_video(request(**fields), MemoryContext())
    (generation,) = provider.generations
    assert generation.endpoint == endpoint
    assert generation.arguments == {"prompt": "a red boat drifts", **sent}


@pytest.mark.parametrize(
    ("model", "fields", "sent"),
    [
        (VEO, {"seconds": 8, "width": 1280, "height": 720}, {
            "duration": "8s", "aspect_ratio": "16:9", "resolution": "720p", "seed": 11,
            "generate_audio": False,
        }),
        (WAN, {"seconds": 81 / 16, "width": 832, "height": 480, "steps": 20}, {
            "num_frames": 81, "frames_per_second": 16, "aspect_ratio": "16:9", "seed": 11,
            "resolution": "480p", "num_inference_steps": 20,
        }),
        (HAILUO, {"seconds": 6}, {"duration": "6", "resolution": "768P"}),
    ],
)  # fmt: skip
async def test_models_have_their_own_names(server, provider, model, fields, sent):
    context = MemoryContext()
    asked = request(first_image=context.give(image("PNG")), **fields)
    await backend(server, video_model=model).generate_video(asked, context)
    (generation,) = provider.generations
    assert generation.endpoint == model
    assert generation.arguments.pop("image_url").startswith("data:")
    assert generation.arguments == {"prompt": "a red boat drifts", **sent}


async def test_two_images_go_to_the_endpoint_for_two(server, provider):
    context = MemoryContext()
    ends = {name: context.give(image("PNG")) for name in ("first_image", "last_image")}
    await backend(server, video_model=VEO).generate_video(request(seconds=4, **ends), context)
    (generation,) = provider.generations
    assert generation.endpoint == "fal-ai/veo3.1/fast/first-last-frame-to-video"
    assert {"first_frame_url", "last_frame_url"} < set(generation.arguments)


@pytest.mark.parametrize(
    ("settings", "fields", "words"),
    [
        ({}, {"seconds": 7}, "5, 10 seconds"),
        ({}, {"guidance": 7.0}, "at most 1, not 7"),
        ({"video_model": SMALL_KLING}, {}, "starts from an image"),
        ({"video_model": VEO, "video_resolution": "8k"}, {"seconds": 4}, "does not have 8k"),
    ],
)
async def test_what_is_beyond_a_model_is_refused_before_it_costs(server, settings, fields, words):
    error = await failure(backend(server, **settings), **fields)
    assert isinstance(error, Permanent)
    assert words in error.message
    assert server.ledger == []


async def test_images_that_a_model_does_not_take_are_refused(server):
    context = MemoryContext()
    one = context.give(image("PNG"))
    cases: list[tuple[str, dict[str, Any], str]] = [
        (SMALL_KLING, {"first_image": one, "last_image": one}, "a last image"),
        (KLING, {"last_image": one}, "also needs a first image"),
        (KLING, {"references": (one,)}, "0 reference images"),
        (KLING, {"init_video": one}, "start from a clip"),
    ]
    for model, fields, words in cases:
        error = await failure(backend(server, video_model=model), context, **fields)
        assert words in error.message
    assert server.ledger == []


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (status(401, {"detail": f"Key {SELLER.secret}"}), Blocked),
        (status(402, {"detail": "no credit"}), Blocked),
        (status(422, {"detail": [{"msg": "too long", "type": "value_error"}]}), Permanent),
        (status(429, {"detail": "slow down"}, retry_after="3"), Retryable),
        (reset(acted=True), OutcomeUnknown),
        (instead(b"<html>welcome</html>"), OutcomeUnknown),
    ],
)
async def test_a_failed_submit_says_what_can_be_done_and_is_not_repeated(server, what, kind):
    server.misbehave(what, path=SUBMIT)
    assert isinstance(await failure(backend(server)), kind)
    assert len(server.calls(SUBMIT)) == 1


async def test_a_refusal_of_content_is_permanent_and_free(server, provider):
    provider.steps = [
        {"status": "COMPLETED", "error": "flagged", "error_type": "content_policy_violation"}
    ]
    context = MemoryContext()
    error = await failure(backend(server, price_per_video=0.2), context)
    assert isinstance(error, Permanent)
    assert "flagged" in error.message
    assert context.spent == 0


@pytest.mark.parametrize("path", [STATUS, RESULT])
async def test_looks_that_keep_failing_keep_the_request(server, provider, path):
    server.misbehave(reset(), path=path, times=float("inf"))
    context = MemoryContext()
    error = await failure(backend(server), context)
    assert isinstance(error, Retryable)
    assert not error.resubmit
    server.behave()
    await backend(server).generate_video(request(), context)
    assert len(provider.generations) == 1


@pytest.mark.usefixtures("one_fetch")
@pytest.mark.parametrize("what", [reset(), hang()])
async def test_a_clip_whose_download_fails_is_counted_once_and_downloaded_again(
    server, provider, what
):
    server.misbehave(what, path=FILE, times=float("inf"))
    context = MemoryContext()
    made = backend(server, price_per_video=0.2, timeout=0.3)
    error = await failure(made, context)
    assert isinstance(error, Retryable)
    assert "The finished clip could not be downloaded" in error.message
    server.behave()
    await backend(server, price_per_video=0.2).generate_video(request(), context)
    assert (len(provider.generations), context.spent) == (1, 200_000)


@pytest.mark.parametrize(
    "result",
    [
        {"video": None},
        {"images": [{"url": "x"}]},
        [],
        {"video": {"url": "data:video/mp4;base64,AAAA"}},
        {"video": {"url": "https://elsewhere.example/x.mp4"}},
    ],
)
async def test_a_result_without_a_clip_is_permanent_and_was_paid_for(server, provider, result):
    provider.result, context = result, MemoryContext()
    error = await failure(backend(server, price_per_video=0.2), context)
    assert isinstance(error, Permanent)
    assert "clip" in error.message
    assert (len(provider.generations), context.spent) == (1, 200_000)


@pytest.mark.parametrize("kept", [0.0, 0.6, 0.95])
async def test_a_clip_whose_end_is_missing_is_fetched_again(server, provider, kept):
    cut = provider.clip[: round(len(provider.clip) * kept)] or b"<html>"
    server.misbehave(instead(cut, headers={}), path=FILE)
    context = MemoryContext()
    made = await backend(server).generate_video(request(), context)
    assert context.files[made.video.hash] == provider.clip
    assert (len(server.calls(FILE)), len(provider.generations)) == (2, 1)


async def test_a_cancelled_call_leaves_its_request_to_the_next(server, provider):
    provider.hold, context = True, MemoryContext()
    call = asyncio.create_task(backend(server).generate_video(request(), context))
    while not server.calls(STATUS):
        await asyncio.sleep(0.002)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    provider.hold = False
    await backend(server).generate_video(request(), context)
    assert (len(provider.generations), provider.generations[0].cancelled) == (1, False)


async def test_another_length_or_shape_is_noted_and_a_webm_is_kept(server, provider):
    provider.clip = clip(2.0, (64, 64), suffix="webm")
    made = await backend(server).generate_video(request(), MemoryContext())
    assert made.video.media_type == "video/webm"
    assert [note.split(", not")[0] for note in made.notes] == [
        "The clip has 2 seconds",
        "The clip has 64x64 pixels",
    ]


async def test_a_large_clip_is_held_in_memory_about_once(server, provider):
    free = b"\x00\x80\x00\x00free" + bytes((128 << 16) - 8)
    provider.clip = clip(5.0) + free * 4  # 32 MiB that a player skips
    provider.result = None
    made, context = backend(server), MemoryContext()
    tracemalloc.start()
    try:
        await made.generate_video(request(), context)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(provider.clip) > 32 << 20
    assert peak < 2.5 * len(provider.clip)


def test_the_cost_is_that_of_what_is_submitted(server: ProviderServer) -> None:
    assert backend(server).worst_cost(request()) is None
    assert backend(server).usual_cost() is None
    assert backend(server, price_per_video_second=0.07).usual_cost() == (350_000, 700_000)
    veo = backend(server, video_model=VEO, price_per_video_second=0.1)
    assert veo.worst_cost(request(seconds=8)) == 800_000
    assert veo.worst_cost(request(seconds=8, sound=True)) == 1_200_000
    assert veo.usual_cost() == (400_000, 1_200_000)
    ltx = backend(server, video_model=LTX, price_per_video_second=0.04)
    assert ltx.worst_cost(request(seconds=6, width=3840, height=2160)) == 960_000
    assert ltx.usual_cost() == (240_000, 1_600_000)
    small = backend(server, video_model=LTX, price_per_video_second=0.04, video_resolution="1080p")
    assert small.usual_cost() == (240_000, 800_000)


def test_prices_of_known_models_are_in_the_table(tmp_path: Path) -> None:
    table, day = load_prices(tmp_path), dt.date(2026, 11, 29)
    unset = {"price_per_video": None, "price_per_video_second": None}

    def price(model: str) -> Any:
        assert clip_model(model, ()).endpoints
        return prices_for(table, "video", "fal", model, unset, day)

    assert price(KLING) == {"price_per_video_second": 0.07}
    assert price(SMALL_KLING) == {"price_per_video_second": 0.042}
    assert price(VEO) == {"price_per_video_second": 0.1}
    assert price("fal-ai/veo3.1") == {"price_per_video_second": 0.2}
    assert price(LTX) == {"price_per_video_second": 0.04}
    assert price(WAN) == {"price_per_video_second": 0.08}
    assert price(HAILUO) == {"price_per_video_second": 0.045}
    assert price("someone/clips") == {}


def test_settings_that_change_clips_are_part_of_the_version() -> None:
    plain, other = FalSettings(), FalSettings(video_arguments={"x": 1})
    assert clips_version(plain) == "1" != clips_version(other)
    assert clips_version(FalSettings(video_resolution="480p")) not in {"1", clips_version(other)}
    assert clip_model("someone/clips", (8.0, 4.0)).lengths == (4.0, 8.0)


def test_the_decoder_is_named_before_anything_is_paid(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not backend(server).missing()
    monkeypatch.setattr("engine.backends.common.videos.has_package", lambda module: False)
    (lacking,) = backend(server).missing()
    assert "av" in lacking.what
    assert "video" in lacking.remedy
