"""Images of a sample's prompts: each is generated from the prompt as it is, and scored."""

from typing import Any

from engine.contract import Artifact, Permanent
from engine.contract.job import Job
from engine.contract.side_by_side import side_by_side
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
    results = await side_by_side(lambda prompt: _generate(job, prompt), prompts)
    for prompt, result in zip(prompts, results, strict=True):
        if isinstance(result, Permanent):
            await job.warn(f"Prompt {prompt.number} has no image: {result.message}")
    errors = [result for result in results if isinstance(result, Permanent)]
    if errors and len(errors) == len(results):
        raise errors[0]
    return tuple(None if isinstance(result, Permanent) else result for result in results)


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
