"""Capability `audio` of local models."""

from collections.abc import Sequence

from engine.audio.resampling import resampled
from engine.audio.sound import SoundError
from engine.audio.wav import write_wav_24
from engine.backends.diffusers.identity import lane_for, sound_version_of
from engine.backends.diffusers.packages import (
    lacking_packages,
    lacking_sampler,
    needed_packages,
)
from engine.backends.diffusers.settings import DiffusersSettings
from engine.contract import (
    BaseBackend,
    CallContext,
    Limits,
    MissingRequirement,
    ModelKey,
    Permanent,
    Task,
)
from engine.contract.audio import AudioField, AudioInfo, AudioRequest, GeneratedAudio
from engine.contract.model_host import ModelNeeds
from engine.models.diffusion.sound_facts import SoundFacts, sound_facts
from engine.models.diffusion.sound_options import SoundPipelineOptions, SoundSampling, SoundTask
from engine.models.diffusion.sound_samplers import DEFAULT, sampler_names, unknown_sampler
from engine.models.diffusion.sources import sound_model_wanted, sounds_wanted
from engine.models.weights import RequiredWeights, find, marked, missing_weights, model_needs

METHOD = "1"
"""Version of the method of generation."""

LOADER = "engine.models.diffusion.sound_loading:load"
OPERATION = "generate"


_TAKES: frozenset[AudioField] = frozenset(
    {"negative_prompt", "seed", "steps", "guidance", "sampler"}
)


class DiffusersSounds(BaseBackend):
    """Sounds by a diffusion model in a model host."""

    info: AudioInfo

    def __init__(self, settings: DiffusersSettings) -> None:
        self.settings = settings
        self._options = SoundPipelineOptions(
            model=settings.audio_model,
            variant=settings.audio_variant,
            dtype=settings.dtype,
            most=settings.audio_batch,
            offline=settings.offline,
        )
        self._facts = facts = self._read_facts()
        self.info = AudioInfo(
            name="diffusers",
            model=marked(settings.audio_model),
            version=sound_version_of(settings, METHOD),
            lane=lane_for(self.weights()),
            reusable=True,  # the seed decides
            limits=Limits(settings.concurrency or 2 * settings.audio_batch),
            client="diffusers",
            sample_rate=facts.sample_rate,
            channels=facts.channels,
            max_seconds=facts.max_seconds,
            takes=_TAKES | {"init_audio"} if facts.starts else _TAKES,
        )
        self._key = ModelKey(
            loader=LOADER,
            options=self._options.model_dump_json(exclude_defaults=True),
            name=self.info.model,
            device=settings.device,
        )

    def weights(self) -> Sequence[RequiredWeights]:
        """The weights that its settings ask for."""
        return list(sounds_wanted(self._options, self.settings.audio_loras))

    def missing(self) -> list[MissingRequirement]:
        """Packages that are not installed, else weights that are not on this machine."""
        more = ("peft",) if self.settings.audio_loras else ()
        lacking = [*lacking_packages(*more), *lacking_sampler(self._facts.scheduler)]
        return lacking or missing_weights(self.weights())

    def needs(self) -> ModelNeeds:
        """Return what a machine needs for its models."""
        more = ("peft",) if self.settings.audio_loras else ()
        return model_needs(needed_packages(*more, scheduler=self._facts.scheduler), self.weights())

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        """Generate the requested sound.

        Raises:
            StepError: It did not work.
        """
        if trouble := self.info.trouble(request):
            raise Permanent(trouble)
        ask = self._ask(request, await self._init(request, context))
        task = Task(self._key, OPERATION, ask.model_dump(), ask.group())
        context.progress(None, f"waiting for {self.info.model}")
        answer = await context.infer(task)
        channels, rate = answer["channels"], answer["sample_rate"]
        # The processors encode while the device makes the next sounds.
        wav = await context.compute(encoded, answer["samples"], channels, rate)
        audio = await context.keep(wav, role="audio")
        return GeneratedAudio(
            audio=audio,
            seed=request.seed,
            device=answer["device"],
            steps=answer["steps"],
            guidance=answer["guidance"],
            notes=tuple(answer["notes"]),
        )

    async def _init(self, request: AudioRequest, context: CallContext) -> bytes | None:
        """Return the sound to start from, in the model's rate and channels."""
        if request.init_audio is None or not self._facts.starts:
            return None
        facts = self._facts
        sound = await context.compute(
            prepared, request.init_audio, facts.sample_rate, facts.channels, facts.max_seconds
        )
        if sound is None:
            raise Permanent(
                "The sound to start from cannot be decoded.", remedy="Choose another init_audio."
            )
        return bytes(sound)

    def _ask(self, request: AudioRequest, init: bytes | None) -> SoundTask:
        settings, sampler = self.settings, request.sampler or DEFAULT
        if sampler not in sampler_names(self._facts.scheduler):
            raise unknown_sampler(sampler, self._facts.scheduler)
        return SoundTask(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            seed=request.seed,
            seconds=request.seconds,
            init=init,
            sampling=SoundSampling(
                sampler=sampler,
                steps=request.steps or settings.audio_steps,
                cfg=settings.audio_cfg if request.guidance is None else request.guidance,
                init_noise=0.5 if init is None else request.init_noise,
                loras=settings.audio_loras,
            ),
        )

    def _read_facts(self) -> SoundFacts:
        if lacking_packages():
            return SoundFacts()
        return sound_facts(find(sound_model_wanted(self._options)))


def encoded(samples: bytes, channels: int, sample_rate: int) -> bytes:
    """Samples as a WAV file of 24 bits; plain data in and out, for the process pool.

    Args:
        samples: 32-bit floats, a channel after the other.
        channels: Number of channels.
        sample_rate: Sample rate in Hz.
    """
    import numpy as np

    return write_wav_24(np.frombuffer(samples, "<f4").reshape(channels, -1), sample_rate)


def prepared(data: bytes, sample_rate: int, channels: int, seconds: float) -> bytes | None:
    """A sound as 32-bit floats, a channel after the other; for the process pool.

    Args:
        data: The sound.
        sample_rate: Sample rate of the result in Hz.
        channels: Number of channels of the result.
        seconds: Length from which it is cut.

    Returns:
        None if it is no sound.
    """
    import numpy as np

    from engine.audio.decode import decode

    try:
        sound = decode(data)
    except SoundError:
        return None
    samples = np.nan_to_num(sound.samples[:, : int(seconds * sound.sample_rate)])
    if len(samples) != channels:
        samples = np.repeat(samples.mean(axis=0, keepdims=True), channels, axis=0)
    return resampled(samples, sound.sample_rate, sample_rate).astype("<f4").tobytes()
