"""Capability `video` by diffusion frame from frame (the method of Deforum).

Each diffused frame starts from the last one: moved, in the colours of the first one, with noise,
and denoised as far as the strength leaves room. A call that is cut off continues with the frame
after its last finished one and gives the same clip as an undisturbed one.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from engine.backends.deforum.progress import finished_frames, keep_frame
from engine.backends.deforum.settings import DeforumSettings
from engine.backends.diffusers.identity import lane_for
from engine.backends.diffusers.image import OPERATION, DiffusersImages
from engine.backends.diffusers.packages import lacking_encoder
from engine.backends.diffusers.settings import DiffusersSettings
from engine.contract import (
    Artifact,
    BaseBackend,
    CallContext,
    Limits,
    MissingRequirement,
    Permanent,
    Task,
)
from engine.contract.model_host import ModelNeeds
from engine.contract.video import FrameCounts, GeneratedVideo, VideoInfo, VideoRequest
from engine.models.diffusion.options import ImageTask, Sampling
from engine.models.weights import RequiredWeights, marked
from engine.video.motion.animation import Animation, animation_of
from engine.video.motion.options import MAX_FRAMES, SCHEDULES
from engine.video.schedules import ScheduleError

METHOD = "1"
"""Version of the method of animation."""

RATES = (12.0, 8.0, 10.0, 15.0, 24.0, 25.0, 30.0, 50.0, 60.0)
"""Frame rates; the one of the settings comes first."""

SIDE_STEP = 8
"""Sides are multiples of it: one latent pixel of Stable Diffusion."""

_OF_MODEL = (
    "model", "config", "variant", "vae", "scheduler", "steps", "cfg", "dtype", "loras", "device",
    "offline",
)  # fmt: skip
_OF_DEVICE = frozenset({"device", "concurrency", "offline", "max_seconds", "frame_rate", "model"})
"""Settings that no frame depends on, besides the model, which has its place in the identity."""


class DeforumVideos(BaseBackend):
    """Animations by an image model in a model host."""

    info: VideoInfo

    def __init__(self, settings: DeforumSettings) -> None:
        self.settings = settings
        values = {name: getattr(settings, name) for name in _OF_MODEL}
        self._images = DiffusersImages(DiffusersSettings(**values))
        rates = dict.fromkeys((settings.frame_rate, *RATES))
        self.info = VideoInfo(
            name="deforum",
            model=marked(settings.model),
            version=_version(settings),
            lane=lane_for(self.weights()),
            resumable=True,
            reusable=True,  # the seed decides
            limits=Limits(settings.concurrency),
            client="diffusers",
            frame_rates=tuple(rates),
            frames=FrameCounts(least=2, most=MAX_FRAMES),
            side_step=SIDE_STEP,
            takes=frozenset(
                {
                    "prompt",
                    "negative_prompt",
                    "seed",
                    "first_image",
                    "motion",
                    "schedules",
                    "steps",
                    "guidance",
                }
            ),
        )

    def weights(self) -> Sequence[RequiredWeights]:
        """The weights that its settings ask for."""
        return self._images.weights()

    def missing(self) -> list[MissingRequirement]:
        """Packages that are not installed, else weights that are not on this machine."""
        return lacking_encoder() or self._images.missing()

    def needs(self) -> ModelNeeds:
        """Return what a machine needs for its models."""
        return self._images.needs()

    def details(self) -> list[str]:
        """Return how many images a second of film takes."""
        rate, cadence = self.settings.frame_rate, self.settings.cadence
        return [f"{rate / cadence:.3g} images per second of film at {rate:g} frames per second"]

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        """Generate one clip, or continue one.

        Raises:
            StepError: It did not work.
        """
        rate = self.info.frame_rate(request.frame_rate)
        animation = self._animation(request, rate)
        digest = _digest(animation, request, self.info)
        frames = await finished_frames(context, digest)
        for frame in animation.keys[len(frames) :]:
            png = await self._diffused(frame, frames, request, animation, context)
            frames.append(await keep_frame(context, png, frames[-1] if frames else None, digest))
        context.progress(0.99, "encoding")
        clip = await context.compute(_clip, animation.model_dump(), rate, *frames)
        video = await context.keep(clip, role="video")
        last = await context.keep(await context.read(frames[-1]), role="last-image")
        return GeneratedVideo(video=video, seed=request.seed, last_image=last)

    def _animation(self, request: VideoRequest, rate: float) -> Animation:
        settings = self.settings
        frames = self.info.frames.within(request.seconds * rate)
        if request.seconds > settings.max_seconds:
            raise Permanent(
                f"A clip of {request.seconds:g} s is longer than deforum.max_seconds.",
                remedy="Set deforum.max_seconds, or ask for a shorter clip.",
            )
        schedules = {
            name: request.schedules.get(name, getattr(settings, name)) for name in SCHEDULES
        }
        amount = 1.0 if request.motion is None else 2 * request.motion
        try:
            return animation_of(
                schedules, frames, amount, width=request.width, height=request.height,
                cadence=settings.cadence, border=settings.border, coherent=settings.coherent,
                seed=request.seed, follows_seed=settings.follows_seed,
            )  # fmt: skip
        except ScheduleError as error:
            raise Permanent(
                f"A schedule cannot be followed: {error}.", remedy="Change the schedule."
            ) from error

    async def _diffused(
        self,
        frame: int,
        done: Sequence[Artifact],
        request: VideoRequest,
        animation: Animation,
        context: CallContext,
    ) -> bytes:
        """Return a frame as a PNG; the first one is the request's image if it has one."""
        plan = animation.model_dump()
        keys = animation.keys
        if not done and request.first_image is not None:
            return await context.compute(_opening, plan, request.first_image)
        start = None
        if done:
            last = keys[len(done) - 1]
            start = await context.compute(_start, frame, last, plan, done[-1], done[0])
        ask = self._ask(frame, start, request, animation)
        part = 0.98 * len(done) / len(keys), 0.98 * (len(done) + 1) / len(keys)
        context.progress(part[0], f"frame {frame + 1} of {animation.frames}")
        task = Task(self._images.key, OPERATION, ask.model_dump(), ask.group(), part)
        answer = await context.infer(task)
        return await context.compute(_png, answer["rgb"], answer["width"], answer["height"])

    def _ask(
        self, frame: int, start: bytes | None, request: VideoRequest, animation: Animation
    ) -> ImageTask:
        settings = self.settings
        return ImageTask(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            seed=animation.seed_of(frame),
            width=animation.width,
            height=animation.height,
            references=() if start is None else (start,),
            preview_every=0 if start else 5,
            sampling=Sampling(
                scheduler=settings.scheduler,
                steps=request.steps or settings.steps,
                cfg=settings.cfg if request.guidance is None else request.guidance,
                following=None if start is None else "img2img",
                strength=animation.denoising(frame),
                loras=settings.loras,
            ),
        )


def _version(settings: DeforumSettings) -> str:
    """Version of the method, with a digest of the settings that are not the usual ones."""
    usual = DeforumSettings()
    changed = {
        name: value
        for name, value in settings.model_dump(mode="json").items()
        if name not in _OF_DEVICE and value != usual.model_dump(mode="json")[name]
    }
    for name in ("config", "vae"):
        if changed.get(name):
            changed[name] = marked(changed[name])
    if "loras" in changed:
        changed["loras"] = [[marked(lora.source), lora.weight] for lora in settings.loras]
    if not changed:
        return METHOD
    text = json.dumps(changed, sort_keys=True)
    return f"{METHOD}+{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _digest(animation: Animation, request: VideoRequest, info: VideoInfo) -> str:
    """Identity of an animation, to continue no other one."""
    text = f"{info.model}\n{info.version}\n{animation.model_dump_json()}"
    text += request.model_dump_json()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# Functions for the process pool: plain data in and out.


def _opening(plan: dict[str, Any], image: bytes) -> bytes:
    from engine.video.motion.images import opening

    return opening(image, Animation.model_validate(plan))


def _start(frame: int, last: int, plan: dict[str, Any], image: bytes, first: bytes) -> bytes:
    from engine.video.motion.images import start_of

    return start_of(frame, last, image, first, Animation.model_validate(plan))


def _png(rgb: bytes, width: int, height: int) -> bytes:
    from engine.video.motion.images import from_bytes

    return from_bytes(rgb, width, height)


def _clip(plan: dict[str, Any], rate: float, *frames: bytes) -> bytes:
    from engine.video.motion.clip import clip_of

    return clip_of(plan, rate, *frames)
