"""Sounds of fal, by fal's own client against the local server."""

import asyncio
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.audio.decode import decode
from engine.backends.fal import FalSettings
from engine.backends.fal.audio_inputs import sound_arguments, sound_version
from engine.contract import Blocked, OutcomeUnknown, Permanent, Retryable, StepError
from engine.contract.audio import AudioRequest, GeneratedAudio
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext
from safelight.testing import AudioBackendContract
from tests.backends.image_sellers import FAL as SELLER
from tests.support.providers.fal import FalQueue
from tests.support.providers.misbehaviour import hang, instead, reset, status
from tests.support.providers.server import ProviderServer
from tests.support.sounds import encoded_noise, noise_wav

pytest.importorskip("soundfile")

EFFECTS = "fal-ai/elevenlabs/sound-effects/v2"
OPEN, NEWER = "fal-ai/stable-audio", "fal-ai/stable-audio-25/text-to-audio"
SUBMIT, STATUS, RESULT, FILE = "/v2$", "/status", r"/requests/[^/?]+$", "^/files/"


@pytest.fixture
def provider() -> FalQueue:
    return FalQueue(sound=noise_wav(1.5))


def backend(server: ProviderServer, **settings: Any) -> Any:
    options = {"base_url": server.url, "timeout": 20, "poll_seconds": 0.002, **settings}
    return EntryPointCatalog().backend("audio", "fal", options, {"FAL_KEY": SELLER.secret})


def request(**fields: Any) -> AudioRequest:
    return AudioRequest(**{"prompt": "rain on a tin roof", "seconds": 1.5, "seed": 11, **fields})


async def failure(made: Any, context: MemoryContext | None = None, **fields: Any) -> StepError:
    with pytest.raises(StepError) as caught:
        await made.generate_audio(request(**fields), context or MemoryContext())
    shown = f"{caught.value} {caught.value.remedy}"
    assert not any(part in shown for part in SELLER.secret.split(":"))
    return caught.value


class _OnServer(AudioBackendContract):
    settings: ClassVar[dict[str, Any]] = {}

    @pytest.fixture(autouse=True)
    def _with_server(self, provider: FalQueue) -> Iterator[None]:
        with ProviderServer(provider) as self.server:
            yield

    def make_backend(self) -> Any:
        return backend(self.server, **self.settings)


class TestSoundEffects(_OnServer):
    settings: ClassVar = {"price_per_sound_second": 0.002}


class TestStableAudio(_OnServer):
    settings: ClassVar = {"audio_model": NEWER, "price_per_sound": 0.2}


async def test_a_sound_is_submitted_stored_followed_fetched_and_counted(server, provider):
    context = MemoryContext()
    made = await backend(server, price_per_sound_second=0.002).generate_audio(
        request(loop=True, guidance=0.8), context
    )
    (generation,) = provider.generations
    assert generation.endpoint == EFFECTS
    assert generation.arguments == {
        "text": "rain on a tin roof",
        "duration_seconds": 1.5,
        "prompt_influence": 0.8,
        "loop": True,
        "output_format": "mp3_44100_192",
    }
    assert context.submissions == [f"fal-ai/elevenlabs/requests/{generation.id}"]
    assert context.roles[0][0] == "audio"
    assert await context.read(made.audio) == provider.sound
    assert (made.seed, made.notes, context.spent) == (None, (), 3000)
    assert "authorization" not in server.calls(FILE)[0].headers


async def test_a_stored_request_is_gone_back_to_and_never_sent_again(server, provider):
    first = MemoryContext()
    await backend(server).generate_audio(request(), first)
    later = MemoryContext(request_id=first.submissions[0])
    assert isinstance(await backend(server).generate_audio(request(), later), GeneratedAudio)
    assert (len(provider.generations), later.submissions) == (1, [])


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "MP3"])
async def test_a_longer_sound_is_cut_to_the_sample(server, provider, kind):
    provider.sound = encoded_noise(2.0, kind)
    context = MemoryContext()
    made = await backend(server, audio_model=NEWER).generate_audio(request(), context)
    assert provider.generations[0].arguments["seconds_total"] == 2
    cut, whole = decode(context.files[made.audio.hash]), decode(provider.sound)
    assert made.audio.media_type == "audio/wav"
    assert cut.samples.shape == (2, 66_150)
    assert np.abs(cut.samples - np.clip(whole.samples[:, :66_150], -1, 1)).max() < 2**-22
    assert made.notes == ()


@pytest.mark.parametrize(("kind", "type_"), [("FLAC", "audio/flac"), ("MP3", "audio/mpeg")])
async def test_a_shorter_sound_is_kept_as_it_came_and_noted(server, provider, kind, type_):
    provider.sound = encoded_noise(1.0, kind)
    context = MemoryContext()
    made = await backend(server).generate_audio(request(), context)
    assert context.files[made.audio.hash] == provider.sound
    assert made.audio.media_type == type_
    (note,) = made.notes
    assert "seconds shorter than the 1.5 requested" in note


async def test_a_sound_in_another_format_becomes_one_with_facts(server, provider):
    provider.sound = encoded_noise(1.5, "OGG")
    made = await backend(server).generate_audio(request(), MemoryContext())
    assert made.audio.media_type == "audio/wav"
    assert made.audio.facts["sample_rate"] == 44_100


async def test_another_sample_rate_is_noted_and_has_the_requested_length(server, provider):
    provider.sound = noise_wav(1.6, rate=48_000, channels=1)
    context = MemoryContext()
    made = await backend(server).generate_audio(request(), context)
    assert decode(context.files[made.audio.hash]).samples.shape == (1, 72_000)
    assert made.notes == ("The sound has 48000 Hz and 1 channel(s), not 44100 Hz and 2.",)


@pytest.mark.parametrize(
    ("settings", "fields", "words"),
    [
        ({}, {"seconds": 0.4}, "0.5 to 22 seconds"),
        ({}, {"seconds": 23}, "0.5 to 22 seconds"),
        ({}, {"guidance": 7.0}, "at most 1, not 7"),
        ({"audio_model": OPEN}, {"seconds": 48}, "1 to 47 seconds"),
        ({"audio_model": NEWER}, {"steps": 9}, "at most 8 steps"),
    ],
)
async def test_what_is_beyond_a_model_is_refused_before_it_costs(server, settings, fields, words):
    error = await failure(backend(server, **settings), **fields)
    assert isinstance(error, Permanent)
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


async def test_whether_an_unknown_outcome_is_asked_about_goes_by_what_it_cost(server):
    cheap = backend(server, price_per_sound_second=0.02)
    for seconds, kind in [(2, Retryable), (3, OutcomeUnknown)]:
        server.misbehave(reset(acted=True), path=SUBMIT)
        assert isinstance(await failure(cheap, seconds=seconds), kind)


async def test_a_refusal_of_content_is_permanent_and_free(server, provider):
    provider.steps = [
        {"status": "COMPLETED", "error": "flagged", "error_type": "content_policy_violation"}
    ]
    context = MemoryContext()
    error = await failure(backend(server, price_per_sound=0.2), context)
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
    await backend(server).generate_audio(request(), context)
    assert len(provider.generations) == 1


@pytest.mark.usefixtures("one_fetch")
@pytest.mark.parametrize("what", [reset(), hang()])
async def test_a_sound_whose_download_fails_is_counted_once_and_downloaded_again(
    server, provider, what
):
    server.misbehave(what, path=FILE, times=float("inf"))
    context = MemoryContext()
    made = backend(server, price_per_sound=0.2, timeout=0.3)
    error = await failure(made, context)
    assert isinstance(error, Retryable)
    assert "The finished sound could not be downloaded" in error.message
    server.behave()
    await made.generate_audio(request(), context)
    assert (len(provider.generations), context.spent) == (1, 200_000)


@pytest.mark.parametrize(
    "result",
    [
        {"audio": None},
        {"images": [{"url": "x"}]},
        [],
        {"audio": {"url": "data:audio/wav;base64,AAAA"}},
        {"audio": {"url": "data:text/plain,hello"}},
        {"audio": {"url": "https://elsewhere.example/x.wav"}},
    ],
)
async def test_a_result_without_a_sound_is_permanent_and_was_paid_for(server, provider, result):
    provider.result, context = result, MemoryContext()
    error = await failure(backend(server, price_per_sound=0.2), context)
    assert isinstance(error, Permanent)
    assert "sound" in error.message
    assert (len(provider.generations), context.spent) == (1, 200_000)


async def test_what_is_no_sound_is_fetched_three_times_and_generated_once(server, provider):
    server.misbehave(instead(b"<html>", headers={}), path=FILE, times=float("inf"))
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "no sound" in error.message
    assert (len(server.calls(FILE)), len(provider.generations)) == (3, 1)


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
async def test_a_sound_whose_end_is_missing_is_fetched_again(server, provider, kind):
    provider.sound = encoded_noise(1.5, kind)
    server.misbehave(instead(provider.sound[: len(provider.sound) // 2], headers={}), path=FILE)
    context = MemoryContext()
    made = await backend(server).generate_audio(request(), context)
    assert context.files[made.audio.hash] == provider.sound
    assert (len(server.calls(FILE)), made.notes) == (2, ())


async def test_a_cancelled_call_leaves_its_request_to_the_next(server, provider):
    provider.hold, context = True, MemoryContext()
    call = asyncio.create_task(backend(server).generate_audio(request(), context))
    while not server.calls(STATUS):
        await asyncio.sleep(0.002)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    provider.hold = False
    await backend(server).generate_audio(request(), context)
    assert (len(provider.generations), provider.generations[0].cancelled) == (1, False)


async def test_the_seed_is_that_of_the_request_if_the_model_takes_one(server, provider):
    made = await backend(server, audio_model=NEWER).generate_audio(
        request(seed=2**40 + 5, steps=6), MemoryContext()
    )
    assert made.seed == 5
    assert provider.generations[0].arguments == {
        "prompt": "rain on a tin roof",
        "seconds_total": 2,
        "num_inference_steps": 6,
        "seed": 5,
    }


async def test_stable_audio_open_has_its_own_names_and_no_seed(server, provider):
    provider.sound_field = "audio_file"
    made = await backend(server, audio_model=OPEN).generate_audio(
        request(steps=50), MemoryContext()
    )
    assert made.seed is None
    assert provider.generations[0].arguments == {
        "prompt": "rain on a tin roof",
        "seconds_start": 0,
        "seconds_total": 2,
        "steps": 50,
    }


def test_settings_win_and_are_part_of_the_version() -> None:
    settings = FalSettings(audio_model="someone/sounds", audio_arguments={"duration": 9, "x": 1})
    sent = sound_arguments(settings, request(negative_prompt="hiss"))
    assert (sent["duration"], sent["x"], sent["negative_prompt"]) == (9, 1, "hiss")
    assert sound_version(FalSettings()) == "1" != sound_version(settings)


def test_the_cost_is_that_of_what_is_submitted(server: ProviderServer) -> None:
    assert backend(server).worst_cost(request()) is None
    assert backend(server).usual_cost() is None
    by_second = backend(server, price_per_sound_second=0.002)
    assert by_second.worst_cost(request(seconds=2.25)) == 4500
    assert by_second.usual_cost() == (1000, 44_000)
    assert backend(server, price_per_sound=0.2).usual_cost() == (200_000, 200_000)


def test_a_decoder_that_is_missing_is_named_before_anything_is_paid(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not backend(server).missing()
    monkeypatch.setattr(
        "engine.backends.common.sounds.has_package", lambda module: module != "soundfile"
    )
    (lacking,) = backend(server).missing()
    assert "soundfile" in lacking.what
    assert "audio" in lacking.remedy
