"""Capability `video` of fal."""

from collections.abc import Iterable, Mapping

from engine.backends.common.download import data_uri
from engine.backends.common.reading import Files
from engine.backends.common.references import read_reference
from engine.backends.common.remote_video import RemoteVideoBackend, keep_clip
from engine.backends.fal.inputs import seed_of
from engine.backends.fal.requests import Submission
from engine.backends.fal.selling import FileReply, OnFal
from engine.backends.fal.settings import FalSettings
from engine.backends.fal.video_inputs import (
    clip_arguments,
    clips_version,
    endpoint_for,
    price_factor,
    resolution_for,
)
from engine.backends.fal.video_models import ImageEndpoint, clip_model
from engine.contract import CallContext, Permanent
from engine.contract.video import FrameCounts, GeneratedVideo, VideoInfo, VideoRequest


class _ClipReply(FileReply):
    video: Files = ()
    videos: Files = ()

    @property
    def files(self) -> Files:
        """Its clips."""
        return (*self.video, *self.videos)


class FalClips(OnFal, RemoteVideoBackend[FalSettings]):
    """Clips from models on fal, whose requests are never given up, as those of images."""

    def __init__(self, settings: FalSettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment)
        self._model = model = clip_model(settings.video_model, settings.video_lengths)
        self.info = VideoInfo(
            name=self.name,
            model=settings.video_model,
            version=clips_version(settings),
            lane=settings.lane(self.name, settings.video_model),
            paid=True,
            resumable=True,
            reusable=model.seed is not None,
            limits=settings.limits,
            price_names=("fal.price_per_video_second=...", "fal.price_per_video=..."),
            client=self.package,
            frame_rates=(model.frame_rate,),
            frames=model.frames or FrameCounts(),
            lengths=model.lengths,
            sizes=model.sizes,
            takes=model.takes,
        )

    def price_factor(self, request: VideoRequest) -> float:
        """Return the price of a clip as a multiple of that of an ordinary one."""
        return price_factor(self.settings, self._model, request)

    def usual_factors(self) -> Iterable[tuple[float, float]]:
        """Return lengths in seconds and price factors between which all clips are."""
        shortest, longest = self.info.longest_within(0.0), self.info.shortest_from(1e9)
        wanted = self.settings.video_resolution
        for one in self._model.resolutions:
            if not self._model.resolution or wanted in {None, one.name}:
                yield shortest, one.price
                yield min(longest, one.longest), one.price * self._model.sound_price

    def refuse_trouble(self, request: VideoRequest) -> None:
        """Refuse a request that the model cannot fulfil, before it costs anything.

        Raises:
            Permanent: The length is not legal, or it has files that the model does not take.
        """
        super().refuse_trouble(request)
        endpoint_for(self._model, request)
        resolution_for(self.settings, self._model, request)
        most = self._model.max_guidance
        if most is not None and (request.guidance or 0) > most:
            raise Permanent(
                f"{self.info.model} takes guidance of at most {most:g}, not {request.guidance:g}."
            )

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        """Generate the requested clip, or resume the request that is generating it.

        Raises:
            OutcomeUnknown: The request was sent, and whether fal took it is not known.
            StepError: It did not work.
        """
        self.refuse_trouble(request)

        async def submission() -> Submission:
            chosen = endpoint_for(self._model, request)
            images = await self._images(request, context)
            id_ = chosen.id if isinstance(chosen, ImageEndpoint) else chosen
            return id_, clip_arguments(self.settings, self._model, request, images)

        worst, asks = self.worst_cost(request), self.asks(request)
        result = await self.result_of(context, submission, worst=worst, asks=asks)
        reply, data = await self.fetched(result, _ClipReply, "clip", context)
        return await keep_clip(data, request, context, seed=self._seed(reply, request))

    async def _images(self, request: VideoRequest, context: CallContext) -> list[str]:
        images = [one for one in (request.first_image, request.last_image) if one is not None]
        return [data_uri(*await read_reference(context, one)) for one in images]

    def _seed(self, reply: _ClipReply, request: VideoRequest) -> int | None:
        if self._model.seed is None:
            return None
        return seed_of(request) if reply.seed is None else reply.seed
