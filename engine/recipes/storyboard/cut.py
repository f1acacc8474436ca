"""Films of a storyboard: the animatic of its images, and the film of its clips."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, ClassVar

from pydantic import Field

from engine.contract import Artifact, CallContext, Permanent, Request, Result
from engine.contract.install import install_command
from engine.contract.travelling import travels
from engine.recipes.common.films import render
from engine.recipes.storyboard.clips import Stretch
from engine.recipes.storyboard.input import StoryboardJob
from engine.recipes.storyboard.results import SceneClips
from engine.recipes.storyboard.steps import METHOD
from engine.video.cuts import SEGMENT_SECONDS
from engine.video.plan import MAX_SECONDS, Effects, FilmPlan, Shot
from engine.video.quality import Quality

FILM, ANIMATIC = "film", "animatic"
"""Name of the scope of the film's steps, and of the step of the animatic."""

QUALITY: Quality = "final"
"""Way in which a film is encoded."""

PACKAGES = ("av", "cv2", "numba", "llvmlite")
"""Packages of the extra `video` that films need."""

DRIFT = 0.02
"""Zoom per second over an image in place of a clip."""


class AnimaticRequest(Request):
    """Asks for a film of images.

    Attributes:
        images: The images in order.
        ends: Time at which each ends, in seconds.
        width: Width in pixels.
        height: Height in pixels.
    """

    images: tuple[Artifact, ...] = Field(min_length=1)
    ends: tuple[float, ...]
    width: int
    height: int


class Animatic(Result):
    """A film of images, without sound."""

    kind: ClassVar[str] = "video"

    video: Artifact


async def make_animatic(request: AnimaticRequest, context: CallContext) -> Animatic:
    """Render a film of images in the process pool.

    Raises:
        Permanent: An image cannot be read.
    """
    size = (request.width, request.height)
    try:
        data = await context.compute(animatic_bytes, request.ends, size, *request.images)
    except ValueError as error:
        raise Permanent(f"The animatic cannot be rendered: {error}.") from error
    return Animatic(video=await context.keep(data, "film", kind="video"))


@travels()
def animatic_bytes(ends: Sequence[float], size: tuple[int, int], *images: bytes) -> bytes:
    """Return a film of images; for the process pool."""
    from engine.video.animatic import animatic

    return animatic(images, ends, size)


def lacks_packages() -> bool:
    """Return True if packages are missing that films need."""
    return any(find_spec(name) is None for name in PACKAGES)


def video_problem(video: Any) -> str:
    """Return a sentence about a video backend without the packages for its clips, or nothing."""
    if video is None or not lacks_packages():
        return ""
    return f"Setting video needs the packages of films. Run: {install_command(extra='video')}"


async def animatic_of(
    job: StoryboardJob, stretches: Sequence[Stretch]
) -> tuple[Artifact | None, tuple[str, ...]]:
    """Return the film of the scenes' images, with notes; None if it cannot be had."""
    if not job.settings.animatic:
        return None, ()
    if stretches[-1].end > MAX_SECONDS:
        return None, ("There is no animatic: the film is longer than an hour.",)
    if lacks_packages():
        remedy = install_command(extra="video")
        return None, (f"There is no animatic: packages are missing. Run: {remedy}",)
    request = AnimaticRequest(
        images=tuple(one.scene.image for one in stretches),
        ends=tuple(one.end for one in stretches),
        width=job.settings.width,
        height=job.settings.height,
    )
    try:
        return (await job.local(ANIMATIC, make_animatic, request, method=METHOD)).video, ()
    except Permanent as error:
        return None, (error.message,)


async def film_of(
    job: StoryboardJob, stretches: Sequence[Stretch], clips: Sequence[SceneClips]
) -> Artifact:
    """Return the film of the scenes' clips; scenes without one show their images."""
    plan = film_plan(job, stretches, clips)
    media = {
        "images": [one.scene.image for one in stretches],
        "clips": [clip.video for scene in clips for clip in scene.clips],
    }
    return await render(
        job.scope(FILM), plan, media, quality=QUALITY, segment_seconds=SEGMENT_SECONDS
    )


def film_plan(
    job: StoryboardJob, stretches: Sequence[Stretch], clips: Sequence[SceneClips]
) -> FilmPlan:
    """Return the plan of the film: a shot for each clip, and for each image in place of one."""
    settings = job.settings
    return FilmPlan(
        width=_even(settings.width),
        height=_even(settings.height),
        frame_rate=settings.fps,
        seconds=stretches[-1].end,
        shots=tuple(_shots(stretches, clips)),
        seed=job.seed,
    )


def _even(side: int) -> int:
    return max(64, side - side % 2)


def _shots(stretches: Sequence[Stretch], clips: Sequence[SceneClips]) -> Iterator[Shot]:
    """Yield the shots in order. The last clip of a whole scene holds its last frame."""
    by_scene = {one.scene: one for one in clips}
    places = {clip: at for at, clip in enumerate(c for scene in clips for c in scene.clips)}
    for index, stretch in enumerate(stretches):
        scene = by_scene.get(stretch.scene.number, SceneClips(scene=stretch.scene.number))
        at = stretch.start
        for clip, end in zip(scene.clips, _ends(scene, stretch), strict=True):
            yield Shot(start=at, end=end, section=index, source="clip", clip=places[clip])
            at = end
        if at < stretch.end - 1e-6:
            yield Shot(
                start=at,
                end=stretch.end,
                section=index,
                source="image",
                image=index,
                intensity=0.3,
                effects=Effects(zoom_per_second=DRIFT),
                seed=index,
            )


def _ends(scene: SceneClips, stretch: Stretch) -> list[float]:
    """Return the time until which each clip of a scene is shown."""
    if not scene.clips:
        return []
    last = scene.clips[-1].end if scene.problem else stretch.end
    return [*(one.start for one in scene.clips[1:]), last]
