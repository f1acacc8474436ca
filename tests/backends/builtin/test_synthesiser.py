"""The embedded backend of capability `audio`."""

import asyncio
import io
import wave
from typing import ClassVar

import pytest

from engine.backends.builtin import FAMILY, BuiltinSettings
from engine.contract.audio import AudioBackend, AudioRequest, GeneratedAudio
from engine.testing.context import MemoryContext
from safelight.testing import AudioBackendContract


class TestSynthesiser(AudioBackendContract):
    request: ClassVar = AudioRequest(
        prompt="heavy boots walking on marble floor", seconds=1.23, seed=7
    )

    def make_backend(self) -> AudioBackend:
        backend = FAMILY.factories["audio"](BuiltinSettings(), {})
        assert isinstance(backend, AudioBackend)
        return backend


def generated(**fields: object) -> tuple[GeneratedAudio, bytes]:
    context = MemoryContext()
    backend = FAMILY.factories["audio"](BuiltinSettings(), {})
    request = AudioRequest.model_validate({"prompt": "rain", "seconds": 0.5, "seed": 1, **fields})
    assert isinstance(backend, AudioBackend)
    result = asyncio.run(backend.generate_audio(request, context))
    return result, context.files[result.audio.hash]


def test_it_is_24_bit_stereo_at_48_khz() -> None:
    result, data = generated()
    assert result.seed == 1
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getsampwidth(), file.getnchannels(), file.getframerate()) == (3, 2, 48_000)
        assert file.getnframes() == 24_000


def test_notes_tell_what_has_no_model() -> None:
    assert generated()[0].notes == ()
    assert "no model" in generated(prompt="a dog barks")[0].notes[0]


def test_the_negative_prompt_seed_and_loop_count() -> None:
    files = {
        generated(**fields)[1]
        for fields in ({}, {"seed": 2}, {"loop": True}, {"negative_prompt": "rain"})
    }
    assert len(files) == 4
    assert generated()[1] in files


@pytest.mark.parametrize("ambience", [0.0, 2.0])
def test_a_changed_ambience_is_another_version(ambience: float) -> None:
    usual, other = (
        FAMILY.factories["audio"](settings, {}).info.version
        for settings in (BuiltinSettings(), BuiltinSettings(ambience=ambience))
    )
    assert usual == "1"
    assert other != usual
