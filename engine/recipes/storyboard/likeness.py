"""Similarity of the scenes' images to each other."""

from collections.abc import Sequence

from engine.contract import Artifact, Permanent, Similarity
from engine.recipes.storyboard.input import StoryboardJob


async def compare(
    job: StoryboardJob, images: Sequence[Artifact]
) -> tuple[tuple[Similarity, ...], tuple[str, ...]]:
    """Return the similarity of the scenes' images, with notes on it."""
    if len(images) < 2:
        return (), ()
    try:
        compared = await job.step("compare", job.scorers.compare, images)
    except Permanent as error:
        return (), (f"How alike the scenes are could not be measured: {error.message}",)
    return compared.likenesses, ()
