"""Images of a film's keyframes: candidates, the choice among them, and their grading.

An image that cannot be had does not stop the film: a section without any image is procedural.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.contract import Artifact, Blocked, GeneratedImage, Permanent, ScoreTable
from engine.contract.backend import FrozenModel
from engine.contract.job import Job, Scope
from engine.recipes.music_video.fallback import raise_blocked
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.grading import GradedImage, GradeRequest, grade
from engine.recipes.music_video.input import MusicVideoInput
from engine.recipes.music_video.keyframes import Keyframe
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.spec import ExportSettings
from engine.recipes.music_video.steps import METHOD

GENERATE, SCORE, SELECT, GRADE, SEED = "generate", "score", "select", "grade", "seed"
"""Names of the steps of an image, and of the decisions."""

SEEDS_APART = 7919
"""Difference of the seeds of two candidates."""

MusicVideoJob = Job[MusicVideoInput, MusicVideoSettings]


class FilmImage(FrozenModel):
    """An image of a keyframe, or the reason why there is none.

    Attributes:
        keyframe: The keyframe.
        candidate: Number of the candidate that is taken, from 1; 0 without one.
        image: That candidate.
        graded: The image as it is shown.
        problem: Why there is none, a sentence.
    """

    keyframe: Keyframe
    candidate: int = 0
    image: Artifact | None = None
    graded: GradedImage | None = None
    problem: str = ""


async def generate_images(
    job: MusicVideoJob,
    sections: Sequence[FilmSection],
    keyframes: Sequence[Keyframe],
    export: ExportSettings,
) -> tuple[FilmImage, ...]:
    """Generate the images of all keyframes at the same time, each once its reference is there.

    Raises:
        Blocked: Some need something that is missing, and the film waits for it; the message names
            their sections.
    """
    if obstacle := _obstacle(job):
        await job.warn(obstacle)
    tasks: dict[str, asyncio.Task[FilmImage]] = {}
    blocked: list[tuple[int, Blocked]] = []
    async with asyncio.TaskGroup() as group:
        for keyframe in keyframes:
            earlier = tasks.get(keyframe.follows), tasks.get(keyframe.laid_out_by)
            image = _image(job, keyframe, earlier, export, blocked)
            tasks[keyframe.key] = group.create_task(image)
    raise_blocked(blocked, sections, job.settings)
    return tuple(task.result() for task in tasks.values())


def _obstacle(job: MusicVideoJob) -> str:
    """Return the reason why `control` is left out, as a sentence; empty if it is not."""
    control, info = job.settings.control, job.image.backend.info
    if control != "none" and not info.takes_control:
        return (
            f"{info.name} lays no image out by another one, so `control` is left out; diffusers "
            "does with diffusers.controlnet."
        )
    if control == "image" and job.input.control_image is None:
        return "The entry has no `control_image`, so `control` is left out."
    return ""


async def _image(
    job: MusicVideoJob,
    keyframe: Keyframe,
    earlier: "tuple[asyncio.Task[FilmImage] | None, asyncio.Task[FilmImage] | None]",
    export: ExportSettings,
    blocked: list[tuple[int, Blocked]],
) -> FilmImage:
    """Return the image of a keyframe.

    Args:
        job: The job.
        keyframe: The keyframe.
        earlier: The images that it follows, and whose layout it has.
        export: Size of the film.
        blocked: Receives the section if something is missing.
    """
    guides = await _guides(job, *earlier)
    scope = job.scope(keyframe.key)
    try:
        number, image = await _candidate(job, scope, keyframe, guides, export)
    except Permanent as error:
        return FilmImage(keyframe=keyframe, problem=error.message)
    except Blocked as error:
        blocked.append((keyframe.section, error))
        return FilmImage(keyframe=keyframe, problem=error.message)
    graded = await graded_to(job, scope, image, keyframe.palette, export)
    if graded.problem:
        return FilmImage(keyframe=keyframe, problem=graded.problem)
    job.publish()
    return FilmImage(keyframe=keyframe, candidate=number, image=image, graded=graded)


@dataclass(frozen=True, slots=True)
class Guides:
    """Images that guide another.

    Attributes:
        reference: The image that it follows.
        control: The image whose layout it has.
    """

    reference: Artifact | None = None
    control: Artifact | None = None


async def _guides(
    job: MusicVideoJob,
    followed: "asyncio.Task[FilmImage] | None",
    laid_out_by: "asyncio.Task[FilmImage] | None",
) -> Guides:
    """Return the images that guide a keyframe, as far as the backend takes them."""
    reference = control = None
    if followed is not None and _follows(job):
        reference = (await followed).image
    if job.image.backend.info.takes_control:
        if job.settings.control == "image":
            control = job.input.control_image
        elif laid_out_by is not None:
            control = (await laid_out_by).image
    return Guides(reference, control)


async def graded_to(
    job: MusicVideoJob,
    scope: Scope,
    image: Artifact,
    palette: tuple[str, ...],
    export: ExportSettings,
) -> GradedImage:
    """Grade an image to a palette, as a step of a scope."""
    width, height = export.resolution
    request = GradeRequest(
        image=image,
        palette=palette,
        strength=job.settings.palette_strength,
        width=width,
        height=height,
    )
    return await scope.local(GRADE, grade, request, method=METHOD)


def seed_of(text: str) -> int | None:
    """Return the seed that a text of a decision means; None if it means none."""
    plain = text.strip()
    is_number = plain.isascii() and plain.isdecimal() and len(plain) < 20
    return int(plain) if is_number and int(plain) < 2**63 else None


def _follows(job: MusicVideoJob) -> bool:
    """Return whether images follow others with this backend."""
    info = job.image.backend.info
    is_wanted = job.settings.reference != "auto" or not info.follows_layout
    return is_wanted and info.max_references > 0


async def _candidate(
    job: MusicVideoJob,
    scope: Scope,
    keyframe: Keyframe,
    guides: Guides,
    export: ExportSettings,
) -> tuple[int, Artifact]:
    """Return the candidate that is taken: the best by its scores, the first without any.

    Raises:
        Permanent: All failed.
        Blocked: Something is missing, and it is waited for or there is no image.
    """
    settings, images = job.settings, dict[int, Artifact]()
    decided = seed_of(await scope.decide(SEED, default=""))
    if decided is not None:
        keyframe = keyframe.model_copy(update={"seed": decided})
    errors: list[Permanent | Blocked] = []

    async def attempt(number: int) -> None:
        try:
            generated = await _generated(job, scope, keyframe, number, guides, export)
        except (Permanent, Blocked) as error:
            errors.append(error)
        else:
            images[number] = generated.image

    async with asyncio.TaskGroup() as group:
        for number in range(1, settings.candidates + 1):
            group.create_task(attempt(number))
    blocked = next((error for error in errors if isinstance(error, Blocked)), None)
    if blocked and not (images and settings.fallback_when_blocked):
        raise blocked
    if not images:
        raise errors[0]
    numbers = sorted(images)
    best = await _best(job, scope, keyframe, {number: images[number] for number in numbers})
    chosen = await scope.decide(SELECT, default=0, among=(0, *numbers)) or best
    return chosen, images[chosen]


async def _generated(
    job: MusicVideoJob,
    scope: Scope,
    keyframe: Keyframe,
    number: int,
    guides: Guides,
    export: ExportSettings,
) -> GeneratedImage:
    width, height = generated_size(export.resolution, job.settings.keyframe_side)
    return await scope.scope(f"candidate-{number}").step(
        GENERATE,
        job.image.generate,
        keyframe.prompt,
        seed=(keyframe.seed + SEEDS_APART * (number - 1)) % 2**63,
        width=width,
        height=height,
        negative_prompt=job.settings.negative_words(),
        reference=guides.reference,
        control=guides.control,
        simpler_prompt=keyframe.simpler,
    )


async def _best(
    job: MusicVideoJob, scope: Scope, keyframe: Keyframe, images: Mapping[int, Artifact]
) -> int:
    """Return the number of the candidate with the highest mean score."""
    if job.settings.score is None or len(images) < 2:
        return min(images)
    try:
        table = await scope.step(
            SCORE,
            job.scorers.score,
            list(images.values()),
            brief=keyframe.simpler,
            prompt=keyframe.prompt,
        )
    except Permanent as error:
        await job.warn(f"{keyframe.key} is not scored, so its first candidate is taken: {error}")
        return min(images)
    means = dict(zip(images, mean_scores(table), strict=True))
    return max(means, key=lambda number: (means[number], -number))


def mean_scores(table: ScoreTable) -> list[float]:
    """Return the mean score of each image of a table, 0 for one without any."""
    means = []
    for index in range(len(table.images)):
        marks = [column.marks[index].value for column in table.columns]
        known = [mark for mark in marks if mark is not None]
        means.append(sum(known) / len(known) if known else 0.0)
    return means


def generated_size(resolution: tuple[int, int], side: int) -> tuple[int, int]:
    """Return the size in which an image is generated: the shape of the film, multiples of 64.

    Args:
        resolution: Width and height of the film in pixels.
        side: Longer side of the image, at most.
    """
    scale = min(side / max(resolution), 1.0)
    wide, high = (max(64, round(length * scale / 64) * 64) for length in resolution)
    return wide, high
