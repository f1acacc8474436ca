"""Capability `video` of local models."""

from collections.abc import Iterator, Sequence

from engine.backends.diffusers.identity import lane_for, video_version_of
from engine.backends.diffusers.image import MAX_FOLLOWED
from engine.backends.diffusers.packages import (
    lacking_encoder,
    lacking_packages,
    needed_packages,
)
from engine.backends.diffusers.settings import DiffusersSettings
from engine.contract import (
    Artifact,
    BaseBackend,
    CallContext,
    Limits,
    MissingRequirement,
    ModelKey,
    Permanent,
    Task,
)
from engine.contract.model_host import ModelNeeds
from engine.contract.video import GeneratedVideo, VideoInfo, VideoRequest
from engine.models.diffusion.options import AdapterFile
from engine.models.diffusion.sources import video_model_wanted, videos_wanted
from engine.models.diffusion.video_facts import VideoFacts, video_facts
from engine.models.diffusion.video_options import VideoPipelineOptions, VideoSampling, VideoTask
from engine.models.weights import RequiredWeights, find, marked, missing_weights, model_needs
from engine.text.plural import pluralize

METHOD = "1"
"""Version of the method of generation."""

LOADER = "engine.models.diffusion.video_loading:load"
OPERATION = "generate"

CLIPS = 2
"""Clips waiting or in progress by default: one is encoded while the next is generated."""


class DiffusersVideos(BaseBackend):
    """Clips by a diffusion model in a model host."""

    info: VideoInfo

    def __init__(self, settings: DiffusersSettings) -> None:
        self.settings = settings
        self._options = _options_of(settings)
        self._facts = facts = self._read_facts()
        self.info = VideoInfo(
            name="diffusers",
            model=marked(settings.video_model),
            version=video_version_of(settings, METHOD),
            lane=lane_for(self.weights()),
            reusable=True,  # the seed decides
            limits=Limits(settings.concurrency or CLIPS),
            client="diffusers",
            frame_rates=facts.rates,
            frames=facts.frames,
            side_step=facts.side_step,
            max_references=MAX_FOLLOWED if settings.video_ip_adapter else 0,
            takes=facts.takes | {"references"} if settings.video_ip_adapter else facts.takes,
        )
        self._key = ModelKey(
            loader=LOADER,
            options=self._options.model_dump_json(exclude_defaults=True),
            name=self.info.model,
            device=settings.device,
        )

    def weights(self) -> Sequence[RequiredWeights]:
        """The weights that its settings ask for."""
        return list(videos_wanted(self._options, self.settings.video_loras))

    def missing(self) -> list[MissingRequirement]:
        """Packages that are not installed, else weights that are not on this machine."""
        more = ("peft",) if self.settings.video_loras else ()
        lacking = [*lacking_packages(*more), *lacking_encoder()]
        return lacking or missing_weights(self.weights())

    def needs(self) -> ModelNeeds:
        """Return what a machine needs for its models."""
        more = ("peft",) if self.settings.video_loras else ()
        return model_needs(needed_packages(*more), self.weights())

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        """Generate the requested clip.

        Raises:
            StepError: It did not work.
        """
        self._refuse(request)
        rate = self.info.frame_rate(request.frame_rate)
        frames = self.info.frames.within(request.seconds * rate)
        ask = await self._ask(request, frames, rate, context)
        task = Task(self._key, OPERATION, ask.model_dump(), ask.group())
        context.progress(None, f"waiting for {self.info.model}")
        answer = await context.infer(task)
        shape = answer["frames"], answer["height"], answer["width"]
        context.progress(0.99, "encoding")
        # The processors encode while the device makes the next clip.
        clip, last = await context.compute(encoded, answer["rgb"], shape, rate)
        return GeneratedVideo(
            video=await context.keep(clip, role="video"),
            seed=request.seed,
            last_image=await context.keep(last, role="last-image"),
            notes=tuple(self._notes(request, shape[0], rate)),
        )

    def _refuse(self, request: VideoRequest) -> None:
        """Refuse a request that the model cannot do.

        Raises:
            Permanent: It has no image though one is needed, or a size that is not legal.
        """
        info = self.info
        if self._facts.needs_image and request.first_image is None:
            raise Permanent(
                f"{info.model} starts from an image and got none.",
                remedy="Give a first_image, or choose a model that starts from a prompt.",
            )
        if request.width % info.side_step or request.height % info.side_step:
            width, height = info.nearest_size(request.width, request.height)
            raise Permanent(
                f"{info.model} generates sides that are multiples of {info.side_step} pixels, "
                f"not {request.width}x{request.height}.",
                remedy=f"Ask for {width}x{height}.",
            )

    async def _ask(
        self, request: VideoRequest, frames: int, rate: float, context: CallContext
    ) -> VideoTask:
        settings, takes = self.settings, self.info.takes

        async def image(name: str) -> bytes | None:
            artifact: Artifact | None = getattr(request, name)
            return await context.read(artifact) if artifact and name in takes else None

        return VideoTask(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            seed=request.seed,
            width=request.width,
            height=request.height,
            frames=frames,
            frame_rate=rate,
            first_image=await image("first_image"),
            last_image=await image("last_image"),
            references=tuple([await context.read(one) for one in self._followed(request)]),
            motion=request.motion if "motion" in takes else None,
            preview_every=settings.preview_every,
            sampling=VideoSampling(
                steps=request.steps or settings.video_steps,
                cfg=settings.video_cfg if request.guidance is None else request.guidance,
                ip_scale=settings.ip_adapter_scale,
                loras=settings.video_loras,
            ),
        )

    def _followed(self, request: VideoRequest) -> tuple[Artifact, ...]:
        """Return the references that the IP-Adapter follows, the most important first."""
        return request.references[: self.info.max_references]

    def _notes(self, request: VideoRequest, frames: int, rate: float) -> Iterator[str]:
        if (most := self.info.max_references) and len(request.references) > most:
            yield f"Only the first {most} references are followed."
        if abs(frames / rate - request.seconds) > 1 / rate:
            length = pluralize(frames / rate, "second", shown=f"{frames / rate:.3g}")
            yield f"It is {length} long, a length that the model generates."
        if request.frame_rate is not None and rate != request.frame_rate:
            yield f"It has {rate:g} frames per second, a rate that the model generates."

    def _read_facts(self) -> VideoFacts:
        folder = None if lacking_packages() else find(video_model_wanted(self._options))
        is_animated = self.settings.video_motion is not None
        return video_facts(folder, self.settings.video_model, is_animated=is_animated)


def _options_of(settings: DiffusersSettings) -> VideoPipelineOptions:
    adapter = None
    if settings.video_ip_adapter:
        adapter = AdapterFile(
            source=settings.video_ip_adapter,
            weights=settings.video_ip_adapter_weights,
            image_encoder=settings.video_ip_adapter_encoder,
        )
    return VideoPipelineOptions(
        model=settings.video_model,
        motion_adapter=settings.video_motion,
        ip_adapter=adapter,
        variant=settings.video_variant,
        dtype=settings.dtype,
        vae_tiling=settings.vae_tiling,
        offline=settings.offline,
    )


def encoded(rgb: bytes, shape: tuple[int, int, int], rate: float) -> tuple[bytes, bytes]:
    """Frames as an MP4, and the last one as a PNG; plain data in and out, for the process pool.

    Args:
        rgb: Three bytes a pixel, row by row, frame after frame.
        shape: Number of frames, height and width in pixels.
        rate: Frames per second.
    """
    import numpy as np

    from engine.video.motion.clip import encoded as encode
    from engine.video.motion.images import png_of

    frames = np.frombuffer(rgb, np.uint8).reshape(*shape, 3)
    return encode(frames, (shape[2], shape[1]), rate), png_of(frames[-1])
