"""Capability `audio` of fal."""

from collections.abc import Mapping

from engine.backends.common.reading import Files
from engine.backends.common.remote_sound import RemoteSoundBackend
from engine.backends.fal.audio_inputs import sound_arguments, sound_inputs, sound_version
from engine.backends.fal.inputs import seed_of
from engine.backends.fal.requests import Submission
from engine.backends.fal.selling import FileReply, OnFal
from engine.backends.fal.settings import FalSettings
from engine.contract import CallContext, Permanent
from engine.contract.audio import AudioInfo, AudioRequest, GeneratedAudio


class _SoundReply(FileReply):
    audio: Files = ()
    audio_file: Files = ()

    @property
    def files(self) -> Files:
        """Its sounds."""
        return (*self.audio, *self.audio_file)


class FalSounds(OnFal, RemoteSoundBackend[FalSettings]):
    """Sounds from models on fal, whose requests are never given up, as those of images."""

    def __init__(self, settings: FalSettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment)
        self._inputs = inputs = sound_inputs(settings.audio_model)
        self.info = AudioInfo(
            name=self.name,
            model=settings.audio_model,
            version=sound_version(settings),
            lane=settings.lane(self.name, settings.audio_model),
            paid=True,
            resumable=True,
            reusable=inputs.seed is not None,
            limits=settings.limits,
            price_names=("fal.price_per_sound_second=...", "fal.price_per_sound=..."),
            client=self.package,
            min_seconds=inputs.min_seconds,
            max_seconds=inputs.max_seconds,
            max_steps=inputs.max_steps,
            max_guidance=inputs.max_guidance,
            takes=inputs.takes,
        )

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        """Generate the requested sound, or resume the request that is generating it.

        Raises:
            OutcomeUnknown: The request was sent, and whether fal took it is not known.
            StepError: It did not work.
        """
        if trouble := self.info.trouble(request):
            raise Permanent(trouble)

        async def submission() -> Submission:
            return self.settings.audio_model, sound_arguments(self.settings, request)

        worst, asks = self.worst_cost(request), self.asks(request)
        result = await self.result_of(context, submission, worst=worst, asks=asks)
        reply, data = await self.fetched(result, _SoundReply, "sound", context)
        return await self.keep_sound(data, request, context, seed=self._seed(reply, request))

    def _seed(self, reply: _SoundReply, request: AudioRequest) -> int | None:
        if self._inputs.seed is None:
            return None
        return seed_of(request) if reply.seed is None else reply.seed

    def sold_seconds(self, seconds: float) -> float:
        """Return the length that is asked for, as the model takes it."""
        return self._inputs.length_for(seconds)
