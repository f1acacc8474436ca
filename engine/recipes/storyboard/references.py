"""Reference images that a scene follows for a consistent film, and the resulting similarity."""

from collections.abc import Sequence

from engine.contract import Artifact, Permanent, Similarity
from engine.contract.job import Job
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.scenes import Scene
from engine.recipes.storyboard.settings import StoryboardSettings
from engine.recipes.storyboard.steps import METHOD, SheetRequest, join

MAX_ON_SHEET = 4
"""Images on a contact sheet that is a reference."""


async def references(
    job: Job[StoryboardInput, StoryboardSettings], scene: Scene, before: Sequence[Artifact]
) -> tuple[Artifact, ...]:
    """The images that a scene follows, the most important first.

    A backend that takes one reference takes the first: the scene before with `chain` and `sheet`,
    scene 1 with `anchor`, since following only the scene before adds up small changes.

    Args:
        job: The job.
        scene: The scene.
        before: What was taken for the scenes before it, in order.
    """
    if not before:
        own_image = job.input.reference_image
        return (own_image,) if own_image is not None and not is_first_scene(job) else ()
    first, last = before[0], before[-1]
    strategy, most = job.settings.reference_strategy, job.image.max_references
    if strategy == "anchor":
        return (first, last)[:most] if len(before) > 1 else (first,)
    if strategy == "chain" or len(before) == 1 or most == 1:
        return (last,)
    request = SheetRequest(images=tuple(before[-MAX_ON_SHEET:]))
    sheet = await scene.scope_in(job).local("sheet", join, request, method=METHOD)
    return (last, sheet.image)


def reference_warnings(job: Job[StoryboardInput, StoryboardSettings], scenes: int) -> list[str]:
    """Return a warning if the backend takes fewer references than the strategy has."""
    strategy, backend = job.settings.reference_strategy, job.image.backend.info
    if strategy == "chain" or scenes < 3 or job.image.max_references > 1:
        return []
    kept = "scene 1" if strategy == "anchor" else "the scene before"
    return [f"{backend.name} ({backend.model}) follows one reference image: {kept} alone."]


def is_first_scene(job: Job[StoryboardInput, StoryboardSettings]) -> bool:
    """Return True if the operator's own reference is the image of scene 1."""
    return job.input.reference_image is not None and job.settings.reference_mode == "first_scene"


async def compare(
    job: Job[StoryboardInput, StoryboardSettings], images: Sequence[Artifact]
) -> tuple[tuple[Similarity, ...], tuple[str, ...]]:
    """Return the similarity of the scenes' images, with notes on it."""
    if len(images) < 2:
        return (), ()
    try:
        compared = await job.step("compare", job.scorers.compare, images)
    except Permanent as error:
        return (), (f"How alike the scenes are could not be measured: {error.message}",)
    return compared.likenesses, ()
