"""Images of one scene: the same prompt, each with a different seed."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract import Artifact, GeneratedImage, Permanent
from engine.contract.side_by_side import side_by_side
from engine.recipes.storyboard.input import StoryboardJob
from engine.recipes.storyboard.prompt_loop import ScenePrompt
from engine.recipes.storyboard.scenes import Scene

SEEDS_PER_SCENE = 1000
"""Seeds that a scene has to itself, so that its images do not depend on other settings."""


@dataclass(frozen=True, slots=True)
class Variation:
    """One image of a scene.

    Attributes:
        number: Which it is, from 1.
        seed: What it was asked with.
        image: The image; None if its generation failed for good.
        failure: Why it failed.
    """

    number: int
    seed: int
    image: GeneratedImage | None = None
    failure: str = ""


async def generate(
    job: StoryboardJob,
    scene: Scene,
    words: ScenePrompt,
    references: Sequence[Artifact],
    numbers: Sequence[int],
    *,
    must: bool,
) -> list[Variation]:
    """Generate variations concurrently; some may fail for good.

    Args:
        job: The job.
        scene: The scene.
        words: Their prompt.
        references: What they follow.
        numbers: Their numbers.
        must: Whether at least one has to succeed.

    Raises:
        Permanent: `must` is set, and all failed.
    """

    def seed_of(number: int) -> int:
        return job.seed_for((scene.number - 1) * SEEDS_PER_SCENE + number - 1)

    async def make(number: int) -> GeneratedImage:
        scope = scene.scope_in(job).scope(f"variation-{number}")
        return await scope.step(
            "generate",
            job.image.generate,
            words.prompt,
            negative_prompt=words.negative_prompt,
            seed=seed_of(number),
            width=job.settings.width,
            height=job.settings.height,
            reference=references[0] if references else None,
            more_references=references[1:],
        )

    results = await side_by_side(make, numbers)
    errors = [result for result in results if isinstance(result, Permanent)]
    if must and len(errors) == len(results):
        raise errors[0]
    return [
        Variation(number, seed_of(number), failure=result.message)
        if isinstance(result, Permanent)
        else Variation(number, seed_of(number), result)
        for number, result in zip(numbers, results, strict=True)
    ]
