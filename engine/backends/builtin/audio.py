"""Capability `audio` of the embedded backends: the synthesiser."""

from dataclasses import asdict
from typing import Any

from engine.audio.synthesis.description import Description, describe
from engine.audio.synthesis.effect import SAMPLE_RATE, synthesise
from engine.audio.wav import write_wav_24
from engine.backends.builtin.embedded import embedded_info
from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.contract.audio import AudioInfo, AudioRequest, GeneratedAudio
from engine.contract.backend import BaseBackend, CallContext
from engine.contract.travelling import travels

MAX_SECONDS = 120.0
"""Length of a sound that it generates at most, in seconds."""


class Synthesiser(BaseBackend):
    """Computes sounds from words, by the models of `engine.audio.synthesis`."""

    info: AudioInfo

    def __init__(self, settings: BuiltinSettings) -> None:
        self.ambience = settings.ambience
        self.info = embedded_info(
            AudioInfo,
            model="synthesiser-1",
            version=versioned("1", "ambience", settings.ambience),
            sample_rate=SAMPLE_RATE,
            channels=2,
            max_seconds=MAX_SECONDS,
            takes=frozenset({"negative_prompt", "seed", "loop"}),
        )

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        """Generate one sound, in the process pool; notes tell what words have no model."""
        description = describe(request.prompt, request.negative_prompt)
        context.progress(None, "synthesising")
        wav = await context.compute(
            synthesised,
            asdict(description),
            request.seconds,
            request.seed,
            request.loop,
            self.ambience,
        )
        audio = await context.keep(wav, role="audio")
        return GeneratedAudio(audio=audio, seed=request.seed, device="cpu", notes=description.notes)


@travels()
def synthesised(
    description: dict[str, Any], seconds: float, seed: int, loop: bool, ambience: float
) -> bytes:
    """Return a sound as 24-bit WAV; plain data in and out, for the process pool."""
    sound = synthesise(Description(**description), seconds, seed=seed, loop=loop, ambience=ambience)
    return write_wav_24(sound.samples, sound.sample_rate)
