"""Clips of Runway, by Runway's own client against the local server."""

import asyncio
import datetime as dt
import io
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, get_args, get_type_hints

import pytest
from PIL import Image

from engine.backends.runway import RunwaySettings, tasks
from engine.backends.runway.inputs import MAX_URI, fitted
from engine.backends.runway.models import MODELS, ModelName
from engine.contract import Blocked, OutcomeUnknown, Permanent, Retryable, StepError
from engine.contract.video import VideoRequest
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.money.prices import load_prices, prices_for
from engine.testing.context import MemoryContext
from safelight.testing import VideoBackendContract
from tests.support.clips import clip
from tests.support.media_files import image
from tests.support.optional import needs
from tests.support.providers.draw import Studio, die
from tests.support.providers.misbehaviour import hang, instead, redirect, reset, status
from tests.support.providers.runway import Runway
from tests.support.providers.server import ProviderServer

needs("av", "cv2", "runwayml")

SECRET = "key_" + "0123456789abcdef" * 8
SUBMIT, LOOK, FILE = "^/v1/(text|image)_to_video$", "^/v1/tasks/", "^/files/"


@pytest.fixture
def provider() -> Runway:
    return Runway(clip(5.0))


def backend(server: ProviderServer, **settings: Any) -> Any:
    options = {"base_url": server.url, "timeout": 20, "poll_seconds": 0.002, **settings}
    return EntryPointCatalog().backend("video", "runway", options, {"RUNWAYML_API_SECRET": SECRET})


def request(**fields: Any) -> VideoRequest:
    wide = {"width": 1280, "height": 720, "seconds": 5.0}
    return VideoRequest(**{"prompt": "a red boat drifts", "seed": 11, **wide, **fields})


async def failure(made: Any, context: MemoryContext | None = None, **fields: Any) -> StepError:
    with pytest.raises(StepError) as caught:
        await made.generate_video(request(**fields), context or MemoryContext())
    assert SECRET not in f"{caught.value} {caught.value.remedy}"
    return caught.value


class _OnServer(VideoBackendContract):
    settings: ClassVar[dict[str, Any]] = {"price_per_video_second": 0.12}
    seconds: ClassVar = 2.0

    @pytest.fixture(autouse=True)
    def _with_server(self, provider: Runway) -> Iterator[None]:
        provider.clip = clip(self.seconds)
        with ProviderServer(provider) as self.server:
            yield

    def make_backend(self) -> Any:
        return backend(self.server, **self.settings)


class TestGen4(_OnServer):
    pass


class TestVeo(_OnServer):
    settings: ClassVar = {"model": "veo3.1_fast", "price_per_video_second": 0.1}
    seconds: ClassVar = 4.0


class TestKling(_OnServer):
    settings: ClassVar = {"model": "kling2.5_turbo_pro"}
    seconds: ClassVar = 5.0


async def test_a_clip_is_submitted_stored_followed_fetched_and_counted(server, provider):
    context = MemoryContext()
    made = await backend(server).generate_video(
        request(first_image=context.give(image("PNG"))), context
    )
    [(endpoint, asked)] = provider.asked
    [first] = asked.pop("promptImage")
    assert first["position"] == "first"
    assert first["uri"].startswith("data:image/png;base64,")
    assert endpoint == "image_to_video"
    assert asked == {
        "model": "gen4.5", "promptText": "a red boat drifts", "duration": 5,
        "ratio": "1280:720", "seed": 11,
    }  # fmt: skip
    assert len(context.submissions) == 1
    assert await context.read(made.video) == provider.clip
    assert [role for role, _ in context.roles] == ["video", "last-image"]
    assert (context.spent, made.seed, provider.looks) == (600_000, 11, 4)
    calls = server.calls("/v1/")
    assert {call.headers.get("authorization") for call in calls} == {f"Bearer {SECRET}"}
    assert {call.headers.get("x-runway-version") for call in calls} == {"2024-11-06"}
    assert "authorization" not in server.calls(FILE)[0].headers


async def test_a_clip_ends_with_its_last_image_and_has_sound_and_a_negative_prompt(
    server, provider
):
    context = MemoryContext()
    wanted = request(
        seconds=6.0, width=1080, height=1920, sound=True, negative_prompt="text",
        first_image=context.give(image("PNG")), last_image=context.give(image("JPEG")),
    )  # fmt: skip
    await backend(server, model="veo3.1").generate_video(wanted, context)
    [(endpoint, asked)] = provider.asked
    assert [one["position"] for one in asked.pop("promptImage")] == ["first", "last"]
    assert endpoint == "image_to_video"
    assert asked == {
        "model": "veo3.1", "promptText": "a red boat drifts", "duration": 6,
        "ratio": "1080:1920", "seed": 11, "negativePrompt": "text", "audio": True,
    }  # fmt: skip


async def test_words_alone_go_to_another_endpoint_with_its_own_sizes(server, provider):
    await backend(server).generate_video(request(width=960, height=960), MemoryContext())
    [(endpoint, asked)] = provider.asked
    assert (endpoint, asked["ratio"]) == ("text_to_video", "1280:720")
    assert "promptImage" not in asked


async def test_a_shape_that_follows_the_image_is_not_sent(server, provider):
    context = MemoryContext()
    made = backend(server, model="kling2.5_turbo_pro")
    await made.generate_video(request(first_image=context.give(image("PNG"))), context)
    assert set(provider.asked[0][1]) == {"model", "promptText", "promptImage", "duration"}


async def test_an_image_too_large_to_be_sent_goes_as_jpeg(server, provider):
    noise = random.Random(1).randbytes(1600 * 1200 * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", (1600, 1200), noise).save(file, "PNG")
    assert len(file.getvalue()) > MAX_URI
    context = MemoryContext()
    await backend(server).generate_video(
        request(first_image=context.give(file.getvalue())), context
    )
    uri = provider.asked[0][1]["promptImage"][0]["uri"]
    assert uri.startswith("data:image/jpeg;base64,")
    assert len(uri) <= MAX_URI


async def test_a_long_prompt_is_cut_at_a_word_and_a_note_says_so(server, provider):
    words = "a red boat drifts under 🌉 " * 100
    made = await backend(server).generate_video(request(prompt=words), MemoryContext())
    sent = provider.asked[0][1]["promptText"]
    assert words.startswith(sent)
    assert 960 < len(sent.encode("utf-16-le")) // 2 <= 1000
    assert sent[-1] in "🌉adtr"
    assert any("1000 characters" in note for note in made.notes)


def test_a_prompt_is_never_cut_within_a_character():
    assert fitted("🌉" * 3, 5) == "🌉🌉"
    assert fitted("ab cd", 5) == "ab cd"
    assert fitted("ab cd ef", 5) == "ab"


async def test_a_stored_task_is_gone_back_to_and_never_sent_again(server, provider):
    first = MemoryContext()
    await backend(server).generate_video(request(), first)
    later = MemoryContext(request_id=first.submissions[0])
    await backend(server).generate_video(request(), later)
    assert (len(provider.asked), later.submissions) == (1, [])


async def test_a_cancelled_call_leaves_its_task_to_the_next(server, provider):
    provider.statuses, context = ["RUNNING"], MemoryContext()
    call = asyncio.create_task(backend(server).generate_video(request(), context))
    while not server.calls(LOOK):
        await asyncio.sleep(0.002)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    provider.statuses = ["SUCCEEDED"]
    await backend(server).generate_video(request(), context)
    assert len(provider.asked) == 1
    assert {one.method for one in server.ledger} == {"GET", "POST"}


@pytest.mark.parametrize(("state", "is_deleted"), [("THROTTLED", True), ("RUNNING", False)])
async def test_a_task_that_waits_is_deleted_with_its_job(server, provider, state, is_deleted):
    provider.statuses, context = [state], MemoryContext()
    call = asyncio.create_task(backend(server).generate_video(request(), context))
    while not server.calls(LOOK):
        await asyncio.sleep(0.002)
    context.withdrawn = True
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert provider.deleted == (context.submissions if is_deleted else [])


async def test_a_withdrawal_that_fails_does_not_hold_the_job_up(server, provider, monkeypatch):
    monkeypatch.setattr(tasks, "WITHDRAW_SECONDS", 0.1)
    provider.statuses, context = ["PENDING"], MemoryContext()
    call = asyncio.create_task(backend(server).generate_video(request(), context))
    while not server.calls(LOOK):
        await asyncio.sleep(0.002)
    server.misbehave(hang(), path=LOOK, times=float("inf"))
    context.withdrawn = True
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (status(400, {"error": "Invalid asset: promptImage"}), Permanent),
        (status(400, {"error": "You do not have enough credits to run this task."}), Blocked),
        (status(401, {"error": f"bad key {SECRET}"}), Blocked),
        (status(429, {"error": "Too many requests"}), Retryable),
        (status(503, {"error": "shedding load"}), Retryable),
        (status(504, {"error": "overloaded"}), OutcomeUnknown),
        (reset(acted=True), OutcomeUnknown),
        (instead(b"<html>welcome</html>"), OutcomeUnknown),
        (instead(b"{}"), OutcomeUnknown),
    ],
)
async def test_a_failed_submit_says_what_can_be_done_and_is_not_repeated(server, what, kind):
    server.misbehave(what, path=SUBMIT)
    assert isinstance(await failure(backend(server)), kind)
    assert len(server.calls(SUBMIT)) == 1


async def test_credits_that_are_used_up_park_for_the_quota(server):
    server.misbehave(
        status(400, {"error": "You do not have enough credits to run this task."}), path=SUBMIT
    )
    error = await failure(backend(server))
    assert isinstance(error, Blocked)
    assert error.reason == "quota"


@pytest.mark.parametrize("path", [LOOK, FILE])
async def test_what_keeps_failing_keeps_the_task(server, provider, path):
    server.misbehave(reset(), path=path, times=float("inf"))
    context = MemoryContext()
    error = await failure(backend(server), context)
    assert isinstance(error, Retryable)
    assert not error.resubmit
    server.behave()
    await backend(server).generate_video(request(), context)
    assert (len(provider.asked), context.spent) == (1, 600_000)


@pytest.mark.usefixtures("one_fetch")
async def test_a_download_that_stalls_is_counted_once_and_made_again(server, provider):
    server.misbehave(hang(), path=FILE, times=float("inf"))
    context = MemoryContext()
    error = await failure(backend(server, timeout=0.3), context)
    assert isinstance(error, Retryable)
    server.behave()
    await backend(server).generate_video(request(), context)
    assert (len(provider.asked), context.spent) == (1, 600_000)


async def test_a_task_that_runway_does_not_know_is_not_submitted_again(server, provider):
    error = await failure(backend(server), MemoryContext(request_id="gone"))
    assert isinstance(error, Retryable)
    assert (error.resubmit, provider.asked) == (False, [])


@pytest.mark.parametrize(
    ("states", "changes", "kind", "words"),
    [
        (["FAILED"], {"failure": "moderated", "failureCode": "SAFETY.INPUT.TEXT"}, Permanent,
         "refused the request: moderated"),
        (["FAILED"], {"failureCode": "INPUT_PREPROCESSING.SAFETY.TEXT"}, Permanent, "refused"),
        (["FAILED"], {"failure": "odd", "failureCode": "ASSET.INVALID"}, Permanent, "odd"),
        (["FAILED"], {"failureCode": "INTERNAL.BAD_OUTPUT.CODE01"}, Retryable, "BAD_OUTPUT"),
        (["FAILED"], {}, Retryable, "it says no more"),
        (["CANCELLED"], {}, Retryable, "cancelled"),
        (["SUCCEEDED"], {"output": [], "cost": {"credits": 0}}, Permanent, "no clip"),
        (["DREAMING"], {}, Retryable, "DREAMING"),
    ],
)  # fmt: skip
async def test_a_task_without_a_clip_says_why_and_costs_nothing(
    server, provider, states, changes, kind, words
):
    provider.statuses, provider.changes, context = states, changes, MemoryContext()
    error = await failure(backend(server), context)
    assert isinstance(error, kind)
    assert words in error.message
    assert context.spent == 0
    if isinstance(error, Retryable):
        assert error.resubmit is (states != ["DREAMING"])


async def test_what_a_failed_task_has_cost_is_counted(server, provider):
    provider.statuses, provider.changes = ["FAILED"], {"cost": {"credits": 12}}
    context = MemoryContext()
    await failure(backend(server), context)
    assert context.spent == 120_000


async def test_a_cost_that_cannot_be_read_is_what_was_expected(server, provider):
    provider.changes, context = {"cost": {"credits": "NaN"}}, MemoryContext()
    await backend(server, price_per_video_second=0.12).generate_video(request(), context)
    assert context.spent == 600_000


async def test_a_model_that_needs_an_image_is_not_asked_without_one(server):
    error = await failure(backend(server, model="gen4_turbo"))
    assert "starts from an image" in error.message
    error = await failure(backend(server), seconds=11)
    assert "11 are asked for" in error.message
    context = MemoryContext()
    error = await failure(
        backend(server, model="veo3.1"), context, seconds=4,
        last_image=context.give(image("PNG")),
    )  # fmt: skip
    assert "also needs a first image" in error.message
    assert server.ledger == []


def test_every_model_that_can_be_set_is_described():
    assert set(MODELS) == set(get_args(ModelName))


async def test_the_key_goes_nowhere_else(server, provider):
    provider.changes = {"output": ["https://elsewhere.example/clip.mp4"]}
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "elsewhere.example" in error.message
    with ProviderServer(provider) as other:
        provider.changes = {}
        server.misbehave(redirect(f"{other.url}/files/clip.mp4"), path=FILE)
        made = backend(server, download_hosts=["127.0.0.1", "localhost"])
        await made.generate_video(request(), MemoryContext())
        (call,) = other.calls(FILE)
    assert SECRET not in call.text


def test_every_model_is_known_to_the_client():
    """Models, sizes and lengths are those of the client's own types."""
    from runwayml.types import image_to_video_create_params as images
    from runwayml.types import text_to_video_create_params as words

    for module, sizes_of in ((images, "image"), (words, "text")):
        known = {}
        for params in get_args(getattr(module, _union(module))):
            hints = get_type_hints(params, vars(module))
            known[get_args(hints["model"])[0]] = hints
        for name, model in MODELS.items():
            sizes = getattr(model, sizes_of)
            if not sizes:
                assert name not in known or "ratio" not in known[name]
                continue
            assert set(sizes) <= set(get_args(known[name]["ratio"]))
            assert ("seed" in known[name]) == model.seed
            assert ("audio" in known[name]) == model.sound
            assert ("negative_prompt" in known[name]) == model.negative
            if lengths := get_args(known[name]["duration"]):
                assert set(model.lengths) == set(map(float, lengths))


def _union(module: Any) -> str:
    return next(name for name in module.__all__ if name.endswith("VideoCreateParams"))


def test_prices_are_known_by_model(tmp_path: Path):
    def known(model: str) -> dict[str, float]:
        unset = RunwaySettings(model=model).model_dump()
        day = dt.date(2026, 12, 1)
        return prices_for(load_prices(tmp_path), "video", "runway", model, unset, day)

    assert known("gen4.5") == {"price_per_video_second": 0.12}
    assert known("gen4_turbo") == {"price_per_video_second": 0.05}
    assert known("veo3.1") == {"price_per_video_second": 0.2}
    assert known("veo3.1_fast") == {"price_per_video_second": 0.1}
    assert known("kling3.0_pro") == {}


def test_a_clip_with_sound_costs_more(server):
    made = backend(server, model="veo3.1", price_per_video_second=0.2)
    assert made.worst_cost(request(seconds=8)) == 1_600_000
    assert made.worst_cost(request(seconds=8, sound=True)) == 3_200_000
    assert made.usual_cost() == (800_000, 3_200_000)


@pytest.mark.usefixtures("one_process")
async def test_clips_are_never_ordered_twice_by_kills(tmp_path: Path):
    provider, moments = Runway(clip(5.0)), random.Random(7)
    with ProviderServer(provider) as server:
        own = {"base_url": server.url, "poll_seconds": 0.002, "concurrency": 1, "ask_above": 0}
        settings = {f"runway.{name}": value for name, value in own.items()}
        studio = Studio(tmp_path / "work", {"RUNWAYML_API_SECRET": SECRET})
        studio.queue(4, {"video": "runway", **settings}, recipe="shoot")
        killed = [await die(studio.root, "runway", moments.randrange(1, 60)) for _ in range(5)]
        await studio.run()
    assert sum(killed) > 2
    ordered = Counter(asked["promptText"] for _, asked in provider.asked)
    assert set(ordered.values()) == {1}
    for job in studio.jobs():
        if job.state == "done":
            assert ordered[json.loads(job.input)["prompt"]] == 1
        else:
            assert (job.state, job.reason) == ("parked", "unknown-outcome")
