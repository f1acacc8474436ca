"""Capability `audio` of fal."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from engine.backends.common.reading import Files, Lenient, ReplyFile, Seed
from engine.backends.common.remote_sound import RemoteSoundBackend
from engine.backends.fal.audio_inputs import sound_arguments, sound_inputs, sound_version
from engine.backends.fal.inputs import seed_of
from engine.backends.fal.queue import FalQueue
from engine.backends.fal.replies import address_of
from engine.backends.fal.requests import Submission, no_result, result_of_request
from engine.backends.fal.settings import KEYS, QUEUE_URL, FalSettings
from engine.contract import CallContext, Permanent
from engine.contract.audio import AudioInfo, AudioRequest, GeneratedAudio


class _SoundReply(Lenient):
    """Fields of a result that are used."""

    audio: Files = ()
    audio_file: Files = ()
    seed: Seed = None

    @property
    def first(self) -> ReplyFile | None:
        """The sound, or None."""
        files = (*self.audio, *self.audio_file)
        return next((one for one in files if one.url or one.b64_json), None)


class FalSounds(RemoteSoundBackend[FalSettings]):
    """Sounds from models on fal, whose requests are never given up, as those of images."""

    name = "fal"
    keys, package, module = KEYS, "fal-client", "fal_client"
    url = QUEUE_URL

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

        def cost(measured: dict[str, Any]) -> int:
            return self.worst_cost(request) or 0

        settings, asks = self.settings, self.asks(request)
        async with FalQueue(settings, self._account, self._key or "none", asks=asks) as queue:
            result = await result_of_request(queue, context, submission, cost)
        return await self._keep(result, request, context)

    async def _keep(
        self, result: Any, request: AudioRequest, context: CallContext
    ) -> GeneratedAudio:
        try:
            reply = _SoundReply.model_validate(result)
        except ValidationError:
            raise no_result(self._account, "sound", result) from None
        if reply.first is None:
            raise no_result(self._account, "sound", result)
        context.progress(1.0, "fetching the sound")
        data = await self.download(address_of(reply.first), self.settings.download_hosts)
        return await self.keep_sound(data, request, context, seed=self._seed(reply, request))

    def _seed(self, reply: _SoundReply, request: AudioRequest) -> int | None:
        if self._inputs.seed is None:
            return None
        return seed_of(request) if reply.seed is None else reply.seed

    def sold_seconds(self, seconds: float) -> float:
        """Return the length that is asked for, as the model takes it."""
        return self._inputs.length_for(seconds)
