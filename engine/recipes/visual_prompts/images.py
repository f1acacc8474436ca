"""Images of a sample's prompts: each is generated from the prompt as it is, and scored."""

import asyncio
from typing import Any

from engine.contract import Artifact, Permanent
from engine.contract.job import Job
from engine.recipes.visual_prompts.report import PromptReport
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.recipes.visual_prompts.writing import step_of

IMAGE, SCORE = "image", "score"
"""Names of the steps, in the scope of a prompt's step."""


async def generate_images(
    job: Job[Any, VisualPromptsSettings], prompts: tuple[PromptReport, ...]
) -> tuple[Artifact | None, ...]:
    """Generate and score an image of each prompt, all at the same time.

    Image N has the seed of prompt N, and is the step `prompt-N/image`; its scores are the step
    `prompt-N/score`. An image that fails for good is left out with a warning.

    Returns:
        An image per prompt; None for one that failed.

    Raises:
        Permanent: All failed.
    """
    errors: list[Permanent] = []

    async def generate(prompt: PromptReport) -> Artifact | None:
        try:
            return await _generate(job, prompt)
        except Permanent as error:
            errors.append(error)
            await job.warn(f"Prompt {prompt.number} has no image: {error.message}")
            return None

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(generate(prompt)) for prompt in prompts]
    images = tuple(task.result() for task in tasks)
    if errors and not any(images):
        raise errors[0]
    return images


async def _generate(job: Job[Any, VisualPromptsSettings], prompt: PromptReport) -> Artifact:
    scope = job.scope(step_of(prompt.number))
    made = await scope.step(
        IMAGE,
        job.image.generate,
        prompt.text,
        seed=job.seed_for(prompt.number),
        width=job.settings.width,
        height=job.settings.height,
    )
    try:
        await scope.step(
            SCORE,
            job.scorers.score,
            [made.image],
            brief=_first_sentence(prompt),
            prompt=prompt.text,
        )
    except Permanent as error:
        await job.warn(f"The image of prompt {prompt.number} has no scores: {error.message}")
    return made.image


def _first_sentence(prompt: PromptReport) -> str:
    """Return the first sentence, for scorers that read short texts only."""
    first, end, _ = prompt.text.partition(". ")
    return first + end.strip()
