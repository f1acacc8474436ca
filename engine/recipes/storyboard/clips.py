"""Clips of scenes: a video model moves the image that was chosen for each.

A clip starts with the image of its scene, or where the clip before it ended, and ends with that of
the next scene if the model takes a last image and that shows nobody else. A scene whose clip cannot
be had shows its image.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from engine.contract import Artifact, Permanent
from engine.contract.decisions import JobShape
from engine.contract.video import VIDEO, VideoInfo, VideoRequest
from engine.recipes.common.clips import PlannedClip, cover_clips, shown_until
from engine.recipes.storyboard.input import StoryboardJob
from engine.recipes.storyboard.lengths import seconds_of
from engine.recipes.storyboard.results import SceneClip, SceneClips, SceneResult
from engine.recipes.storyboard.scenes import scope_of

GENERATE, CLIPS = "generate", "clips"
"""Names of the step of a clip, and of the gate before the first one."""

SEEDS = 500_000
"""First number of the seeds of clips, apart from those of images."""


class WantedClip(BaseModel):
    """Clip of a scene, as an operator approves or edits it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scene: int = Field(ge=1, description="Number of the scene.")
    prompt: str = Field(min_length=1, max_length=20_000, description="Its prompt.")
    seconds: float = Field(gt=0, description="Seconds that the scene lasts; to be read only.")


class ClipSheet(BaseModel):
    """All clips of a film. A scene that is taken off the sheet shows its image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: tuple[WantedClip, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A scene in the time of the film, in seconds."""

    scene: SceneResult
    start: float
    end: float


def stretches_of(scenes: Sequence[SceneResult], total: float | None) -> list[Stretch]:
    """Return the scenes of a film of some length, one after the other."""
    stretches, at = [], 0.0
    lengths = seconds_of([one.duration for one in scenes], total)
    for scene, seconds in zip(scenes, lengths, strict=True):
        end = round(at + seconds, 3)
        stretches.append(Stretch(scene, at, end))
        at = end
    return stretches


async def generate_clips(
    job: StoryboardJob, stretches: Sequence[Stretch]
) -> tuple[SceneClips, ...]:
    """Generate the clips of all scenes at the same time, once an operator has approved them.

    Raises:
        Rejected: The operator has rejected them.
        Blocked: One needs something that is missing.
    """
    info = job.use(VIDEO).info
    sheet = ClipSheet(
        clips=tuple(
            WantedClip(
                scene=one.scene.number,
                prompt=clip_prompt(one.scene, info),
                seconds=round(one.end - one.start, 3),
            )
            for one in stretches
        )
    )
    approved = await job.approve(CLIPS, sheet, cost=cost_of(job, stretches))
    prompts = {one.scene: one.prompt for one in approved.clips}
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_of_scene(job, stretches, at, prompts[one.scene.number]))
            for at, one in enumerate(stretches)
            if one.scene.number in prompts
        ]
    return tuple(task.result() for task in tasks)


def check_clips(shape: JobShape, _key: str, value: ClipSheet) -> str:
    """Return what is wrong with an edited sheet of clips, a sentence; empty if nothing is."""
    numbers = [one.scene for one in ClipSheet.model_validate(value).clips]
    twice = next((one for one in numbers if numbers.count(one) > 1), None)
    if twice is not None:
        return f"Scene {twice} is on the sheet twice."
    unknown = [one for one in numbers if shape.result_of(scope_of(one), "select") is None]
    unknown = [one for one in unknown if one != 1 or shape.input.reference_image is None]
    return f"There is no scene {unknown[0]} with an image." if unknown else ""


def clip_prompt(scene: SceneResult, info: VideoInfo) -> str:
    """Return the prompt of a scene's clips: what happens, and how it looks if no image says that.

    Args:
        scene: The scene.
        info: The model.
    """
    words = scene.prompt if "first_image" in info.takes else scene.wording.prompt
    parts = (part.strip() for part in (words, scene.notes))
    return " ".join(part if part.endswith(tuple(".!?")) else f"{part}." for part in parts if part)


def cost_of(job: StoryboardJob, stretches: Sequence[Stretch]) -> int | None:
    """Return what the clips may cost at most, in micro-dollars; None if that is not known."""
    backend, info = job.use(VIDEO).backend, job.use(VIDEO).info
    if not info.paid:
        return 0
    total = 0
    for stretch in stretches:
        for plan in cover_clips(stretch.start, stretch.end, info):
            cost = backend.worst_cost(_request(job, stretch, 1, plan, "x", (None, None)))
            if cost is None:
                return None
            total += cost
    return total


async def _of_scene(
    job: StoryboardJob, stretches: Sequence[Stretch], at: int, prompt: str
) -> SceneClips:
    """Return the clips of a scene, one after the other: each continues the one before."""
    stretch = stretches[at]
    number = stretch.scene.number
    planned = cover_clips(stretch.start, stretch.end, job.use(VIDEO).info)
    clips: list[SceneClip] = []
    first = stretch.scene.image
    for count, plan in enumerate(planned, 1):
        last = _beyond(stretches, at) if count == len(planned) else None
        request = _request(job, stretch, count, plan, prompt, (first, last))
        simpler = request.simplified(stretch.scene.prompt, request.negative_prompt)
        scope = job.scope(scope_of(number)).scope(f"clip-{count}")
        try:
            video = await scope.step(GENERATE, job.use(VIDEO).generate, request, simpler=simpler)
        except Permanent as error:
            return SceneClips(scene=number, clips=tuple(clips), problem=error.message)
        for note in video.notes:
            await scope.warn(note)
        end = shown_until(plan, video)
        clips.append(
            SceneClip(scene=number, number=count, start=plan.start, end=end, video=video.video)
        )
        first = video.last_image or first
        job.publish()
    return SceneClips(scene=number, clips=tuple(clips))


def _beyond(stretches: Sequence[Stretch], at: int) -> Artifact | None:
    """Return the image of the next scene, if that shows nobody who is not in this one."""
    if at + 1 >= len(stretches):
        return None
    here, after = stretches[at].scene, stretches[at + 1].scene
    return after.image if set(after.subjects) <= set(here.subjects) else None


def _request(
    job: StoryboardJob,
    stretch: Stretch,
    number: int,
    plan: PlannedClip,
    prompt: str,
    ends: tuple[Artifact | None, Artifact | None],
) -> VideoRequest:
    """Return the request for a clip.

    Args:
        job: The job.
        stretch: Its scene.
        number: Its number within the scene, from 1.
        plan: Its times.
        prompt: Its prompt.
        ends: The images that it starts and ends with.
    """
    info, settings = job.use(VIDEO).info, job.settings
    first, last = ends
    takes_last = settings.steer_clips and "last_image" in info.takes and last != first
    width, height = info.nearest_size(settings.width, settings.height)
    return VideoRequest(
        prompt=prompt,
        negative_prompt=stretch.scene.wording.negative_prompt,
        seed=job.seed_for(SEEDS + 100 * stretch.scene.number + number),
        width=width,
        height=height,
        seconds=plan.seconds,
        first_image=first if "first_image" in info.takes else None,
        last_image=last if takes_last else None,
    )
