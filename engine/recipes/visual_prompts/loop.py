"""The loop of `visual-prompts`: analyse a sound, write its prompts, perhaps generate images."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.contract import Artifact, Permanent
from engine.contract.backend import FrozenModel
from engine.contract.job import Job
from engine.recipes.visual_prompts.creativity.imagery import positions
from engine.recipes.visual_prompts.images import IMAGE, generate_images
from engine.recipes.visual_prompts.input import VisualPromptsInput
from engine.recipes.visual_prompts.names import sample_name, title_of
from engine.recipes.visual_prompts.report import PromptReport
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.recipes.visual_prompts.steps import (
    METHOD,
    METRIC,
    AnalyseRequest,
    Analysis,
    CreativityRequest,
    SampleCreativity,
    analyse,
    creativity_of,
)
from engine.recipes.visual_prompts.writing import MEND, Music, step_of, write_prompts

ANALYSE, CREATIVITY = "analyse", METRIC
"""Names of the recipe's own steps."""

VisualPromptsJob = Job[VisualPromptsInput, VisualPromptsSettings]


class VisualPrompts(FrozenModel):
    """Prompts for one sample of sound.

    Attributes:
        prompts: The prompts, the convergent ones first.
        images: An image per prompt, None for one that failed; empty if none were asked for.
        creativity: Mean creativity of the prompts, 0 to 100; None if it is not defined.
        scores: Creativity of each prompt; None if it is not defined.
        imagery: Positions of the music on the axes of imagery, for the creativity of the batch.
    """

    prompts: tuple[PromptReport, ...]
    images: tuple[Artifact | None, ...] = ()
    creativity: float | None = None
    scores: tuple[float | None, ...] = ()
    imagery: dict[str, float] = Field(default_factory=dict)


async def visual_prompts(job: VisualPromptsJob) -> VisualPrompts:
    """Analyse the sound of a sample, write its prompts, and measure their creativity.

    Raises:
        Permanent: The sample has no usable sound.
    """
    found = await _analysis(job)
    job.publish()
    music = Music(features=found.features, abc=found.abc, sound=job.input.sound)
    prompts = await write_prompts(job, music)
    job.publish()
    images = await generate_images(job, prompts) if job.settings.images else ()
    measured = await _creativity(job, found, prompts)
    return VisualPrompts(
        prompts=prompts,
        images=images,
        creativity=measured.mean,
        scores=tuple(one.overall for one in measured.measures),
        imagery=dict(positions(found.features)),
    )


async def _analysis(job: VisualPromptsJob) -> Analysis:
    entry, name = job.input, sample_name(job.input)
    for note in entry.notes:
        await job.warn(note)
    if entry.sound is None:
        raise Permanent(
            f"Sample {name} {entry.problem}.", remedy="Replace the sound, and queue it again."
        )
    request = AnalyseRequest(
        sound=entry.sound,
        sample=name,
        title=title_of(entry),
        mel=job.settings.mel_spectrogram,
    )
    found = await job.local(ANALYSE, analyse, request, method=METHOD)
    for warning in found.features.warnings:
        await job.warn(warning)
    return found


async def _creativity(
    job: VisualPromptsJob, found: Analysis, prompts: tuple[PromptReport, ...]
) -> SampleCreativity:
    request = CreativityRequest(prompts=tuple(one.text for one in prompts), features=found.features)
    return await job.compute(CREATIVITY, creativity_of, request, method=METHOD)


def best_part(result: Mapping[str, Any]) -> str:
    """Return the step of the most creative prompt, or of its image if there is one.

    Args:
        result: A `VisualPrompts` as plain data.
    """
    found = VisualPrompts.model_validate(result)
    scores = [-1.0 if score is None else score for score in found.scores] or [0.0]
    prompt = found.prompts[scores.index(max(scores))]
    step = step_of(prompt.number)
    if prompt.number < len(found.images) and found.images[prompt.number] is not None:
        return f"{step}/{IMAGE}"
    return f"{step}/{MEND}" if prompt.mended else step
