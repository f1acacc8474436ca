"""Sounds of ElevenLabs: one call, whose reply is the sound."""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engine.audio.decode import decode
from engine.backends.elevenlabs import ElevenLabsSettings
from engine.contract import Blocked, OutcomeUnknown, Permanent, Retryable, StepError
from engine.contract.audio import AudioRequest
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext
from safelight.testing import AudioBackendContract
from tests.support.providers.elevenlabs import SECRET, ElevenLabs
from tests.support.providers.misbehaviour import Misbehaviour, hang, instead, reset, status
from tests.support.providers.server import ProviderServer
from tests.support.sounds import encoded_noise, noise, noise_wav

pytest.importorskip("soundfile")

MP3 = "mp3_44100_128"


@pytest.fixture
def provider() -> ElevenLabs:
    return ElevenLabs(noise_wav(1.5))


@pytest.fixture
def server(provider: ElevenLabs) -> Iterator[ProviderServer]:
    with ProviderServer(provider) as server:
        yield server


def backend(server: ProviderServer, key: str = SECRET, **settings: Any) -> Any:
    options = {"base_url": server.url, "timeout": 20, **settings}
    keys = {"ELEVENLABS_API_KEY": key}
    return EntryPointCatalog().backend("audio", "elevenlabs", options, keys)


def request(**fields: Any) -> AudioRequest:
    return AudioRequest(**{"prompt": "rain on a tin roof", "seconds": 1.5, "seed": 11, **fields})


async def failure(made: Any, context: MemoryContext | None = None, **fields: Any) -> StepError:
    with pytest.raises(StepError) as caught:
        await made.generate_audio(request(**fields), context or MemoryContext())
    assert SECRET not in f"{caught.value} {caught.value.remedy}"
    return caught.value


class TestContract(AudioBackendContract):
    @pytest.fixture(autouse=True)
    def _with_server(self, server: ProviderServer) -> None:
        self.server = server

    def make_backend(self) -> Any:
        return backend(self.server, price_per_sound_second=0.002)


async def test_a_request_is_one_call_whose_reply_is_kept_and_counted(
    server: ProviderServer, provider: ElevenLabs
) -> None:
    context = MemoryContext()
    made = await backend(server, price_per_sound_second=0.002).generate_audio(
        request(guidance=0.8, loop=True), context
    )
    body = {
        "text": "rain on a tin roof",
        "model_id": "eleven_text_to_sound_v2",
        "duration_seconds": 1.5,
        "prompt_influence": 0.8,
        "loop": True,
    }
    assert provider.calls == [(MP3, body)]
    assert context.files[made.audio.hash] == provider.sound
    assert context.roles[0][0] == "audio"
    assert (made.seed, made.notes, context.spent) == (None, (), 3000)


async def test_what_is_not_asked_for_is_left_to_the_model(
    server: ProviderServer, provider: ElevenLabs
) -> None:
    await backend(server).generate_audio(request(), MemoryContext())
    settings: dict[str, Any] = {"prompt_influence": 0.3, "model": "eleven_text_to_sound_v3"}
    await backend(server, **settings).generate_audio(request(), MemoryContext())
    (_, first), (_, second) = provider.calls
    assert "prompt_influence" not in first
    assert "loop" not in first
    assert (second["prompt_influence"], second["model_id"]) == (0.3, "eleven_text_to_sound_v3")


async def test_a_longer_sound_is_cut_to_the_sample(
    server: ProviderServer, provider: ElevenLabs
) -> None:
    provider.sound, context = encoded_noise(1.6, "MP3"), MemoryContext()
    made = await backend(server).generate_audio(request(), context)
    assert decode(context.files[made.audio.hash]).samples.shape == (2, 66_150)


@pytest.mark.parametrize("channels", [1, 2])
async def test_bare_samples_become_a_file(
    server: ProviderServer, provider: ElevenLabs, channels: int
) -> None:
    samples = np.rint(noise(1.5, 48_000, channels) * 2**15).astype("<i2")
    provider.sound, context = samples.T.tobytes() + b"\0", MemoryContext()
    made = await backend(server, output_format="pcm_48000").generate_audio(request(), context)
    sound = decode(context.files[made.audio.hash])
    assert (sound.sample_rate, sound.samples.shape) == (48_000, (channels, 72_000))
    assert np.array_equal(np.rint(sound.samples * 2**15), samples)
    assert bool(made.notes) == (channels == 1)


async def test_bare_samples_of_another_length_were_paid_for(
    server: ProviderServer, provider: ElevenLabs
) -> None:
    provider.sound, context = b"\0" * 100, MemoryContext()
    made = backend(server, output_format="pcm_48000", price_per_sound=0.1)
    assert isinstance(await failure(made, context), Permanent)
    assert context.spent == 100_000


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"seconds": 0.4}, "0.5 to 30 seconds"),
        ({"seconds": 31}, "0.5 to 30 seconds"),
        ({"guidance": 7.0}, "at most 1, not 7"),
    ],
)
async def test_what_is_beyond_the_model_is_refused_before_it_costs(
    server: ProviderServer, fields: dict[str, Any], words: str
) -> None:
    error = await failure(backend(server), **fields)
    assert isinstance(error, Permanent)
    assert words in error.message
    assert server.ledger == []


def detail(name: str, message: str = "no") -> dict[str, Any]:
    return {"detail": {"status": name, "message": message}}


@pytest.mark.parametrize(
    ("what", "kind", "reason"),
    [
        (status(401, detail("invalid_api_key", f"bad {SECRET}")), Blocked, "key"),
        (status(401, detail("quota_exceeded", "You have 3 credits left")), Blocked, "quota"),
        (status(402, {"detail": "pay"}), Blocked, "quota"),
        (status(400, detail("content_against_policy")), Permanent, None),
        (status(400, detail("max_character_limit_exceeded")), Permanent, None),
        (status(422, {"detail": [{"loc": ["body", "text"], "msg": "too long"}]}), Permanent, None),
        (status(429, detail("too_many_concurrent_requests")), Retryable, None),
        (status(429, detail("system_busy")), Retryable, None),
        (status(500, b"oops"), Retryable, None),
        (status(504, b"gateway"), OutcomeUnknown, None),
        (reset(acted=True), OutcomeUnknown, None),
        (instead(b"<html>welcome</html>"), Permanent, None),
    ],
)
async def test_each_failure_is_of_the_kind_that_says_what_can_be_done(
    server: ProviderServer, what: Misbehaviour, kind: type[StepError], reason: str | None
) -> None:
    server.misbehave(what)
    error = await failure(backend(server))
    assert isinstance(error, kind), error
    assert getattr(error, "reason", None) == reason
    assert len(server.ledger) == 1


async def test_the_words_of_a_refusal_are_those_of_the_provider(server: ProviderServer) -> None:
    server.misbehave(status(422, {"detail": [{"loc": ["body", "text"], "msg": "too long"}]}))
    assert "body.text: too long" in (await failure(backend(server))).message
    server.misbehave(status(400, detail("content_against_policy", "Not this.")))
    error = await failure(backend(server))
    assert "refused the request: Not this." in error.message


async def test_whether_an_unknown_outcome_is_asked_about_goes_by_what_it_cost(
    server: ProviderServer,
) -> None:
    cheap = backend(server, price_per_sound_second=0.02)
    for seconds, kind in [(2, Retryable), (3, OutcomeUnknown)]:
        server.misbehave(reset(acted=True))
        assert isinstance(await failure(cheap, seconds=seconds), kind)
    server.misbehave(hang())
    assert isinstance(await failure(backend(server, timeout=0.3)), OutcomeUnknown)


async def test_what_is_no_whole_sound_was_paid_for(
    server: ProviderServer, provider: ElevenLabs
) -> None:
    provider.sound, context = noise_wav(1.5)[:10_000], MemoryContext()
    error = await failure(backend(server, price_per_sound=0.1), context)
    assert isinstance(error, Permanent)
    assert "no sound" in error.message
    assert context.spent == 100_000


async def test_a_cancelled_call_ends(server: ProviderServer) -> None:
    server.misbehave(hang())
    call = asyncio.create_task(backend(server).generate_audio(request(), MemoryContext()))
    while not server.ledger:
        await asyncio.sleep(0.002)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


def test_it_describes_itself_by_its_settings(server: ProviderServer) -> None:
    info = backend(server).info
    assert (info.model, info.version) == ("eleven_text_to_sound_v2", f"1+{MP3}")
    assert (info.paid, info.reusable, info.resumable) == (True, False, False)
    assert info.takes == {"guidance", "loop"}
    assert backend(server, output_format="wav_48000").info.sample_rate == 48_000
    assert backend(server, prompt_influence=0.5).info.version == f"1+{MP3}+influence=0.5"
    assert backend(server).usual_cost() is None
    assert backend(server, price_per_sound_second=0.002).usual_cost() == (1000, 60_000)


@pytest.mark.parametrize("wrong", [{"output_format": "mp3"}, {"model": "../x"}, {"seed": 1}])
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ElevenLabsSettings(**wrong)


def test_a_missing_key_is_named() -> None:
    made = EntryPointCatalog().backend("audio", "elevenlabs", {}, {})
    (lack,) = made.missing()
    assert (lack.what, lack.reason) == ("ELEVENLABS_API_KEY", "key")
    assert "XI_API_KEY" in lack.remedy
