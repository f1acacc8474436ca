"""Catalogs with the recipe, and backends of sounds."""

from dataclasses import replace

from engine.audio.wav import write_wav
from engine.backends.builtin import FAMILY
from engine.client.memory_catalog import MemoryCatalog
from engine.contract import CallContext, Permanent
from engine.contract.audio import AudioField, AudioRequest, GeneratedAudio
from engine.recipes.sound_effect import RECIPE
from engine.testing.fakes import FakeAudioBackend


def catalog() -> MemoryCatalog:
    """The recipe, and the embedded backends."""
    return MemoryCatalog([RECIPE], families=[FAMILY])


class Limited(FakeAudioBackend):
    """Is a model with limits, which starts from a sound if it is named `starts`."""

    def __init__(self, name: str = "limited") -> None:
        super().__init__()
        takes: frozenset[AudioField] = (
            frozenset({"init_audio"}) if name == "starts" else frozenset()
        )
        self.info = replace(
            self.info, name=name, model="tiny", max_seconds=22, max_steps=50, takes=takes
        )
        self.asked: list[AudioRequest] = []

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        self.asked.append(request)
        audio = await super().generate_audio(request, context)
        return audio.model_copy(update={"device": "cuda", "steps": 8, "guidance": 3.5})


class Silent(FakeAudioBackend):
    """Generates silence, or fails for good."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        if self.fails:
            raise Permanent("The prompt is refused.")
        rate = self.info.sample_rate
        wav = write_wav(bytes(2 * round(request.seconds * rate)), rate, 1)
        return GeneratedAudio(audio=await context.keep(wav, role="audio"), seed=request.seed)
