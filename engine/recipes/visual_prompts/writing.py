"""Prompts of one sample: each is written, checked, and written again once if its form is wrong."""

from typing import Any

from engine.audio.features import Features
from engine.contract import Permanent
from engine.contract.backend import Artifact, FrozenModel
from engine.contract.job import Job
from engine.recipes.visual_prompts.agents.writer import (
    VisualPrompt,
    VisualPromptRequest,
    writer_for,
)
from engine.recipes.visual_prompts.checks import problems_of
from engine.recipes.visual_prompts.report import PromptReport
from engine.recipes.visual_prompts.settings import PlannedPrompt, VisualPromptsSettings


class Music(FrozenModel):
    """Music as the writer gets it.

    Attributes:
        features: Its features.
        abc: Its melody in ABC notation; empty if it has none.
        sound: The sound; it is sent only if the setting `listen` is on.
    """

    features: Features
    abc: str = ""
    sound: Artifact | None = None


async def write_prompts(
    job: Job[Any, VisualPromptsSettings], music: Music
) -> tuple[PromptReport, ...]:
    """Write the prompts of a sample one after the other, each knowing those before it.

    Prompt N, from 0, is the step `prompt-N`, and its mend the step `prompt-N/mend`.
    """
    done: list[PromptReport] = []
    for planned in job.settings.plan():
        request = VisualPromptRequest(
            features=music.features,
            abc=music.abc,
            mode=planned.mode,
            temperature=planned.temperature,
            number=planned.number,
            seed=job.seed_for(planned.number),
            previous=tuple(one.text for one in done),
            sound=music.sound if job.settings.listen else None,
        )
        done.append(await _write(job, planned, request))
    return tuple(done)


async def _write(
    job: Job[Any, VisualPromptsSettings], planned: PlannedPrompt, request: VisualPromptRequest
) -> PromptReport:
    name = f"prompt-{planned.number}"
    writer = writer_for(listening=job.settings.listen)
    draft = await job.step(name, job.text.structured, writer, request)
    problems = problems_of(draft.visual_prompt)
    mended = await _mend(job, name, request, draft, problems) if problems else None
    written = mended or draft
    return PromptReport(
        number=planned.number,
        mode=planned.mode,
        temperature=planned.temperature,
        sent_temperature=written.temperature,
        text=written.visual_prompt,
        author=written.author,
        mended=mended is not None,
        problems=problems_of(written.visual_prompt),
    )


async def _mend(
    job: Job[Any, VisualPromptsSettings],
    name: str,
    request: VisualPromptRequest,
    draft: VisualPrompt,
    problems: tuple[str, ...],
) -> VisualPrompt | None:
    """Return the prompt written again; None if it has no fewer problems, or cannot be had."""
    again = request.model_copy(update={"draft": draft.visual_prompt, "problems": problems})
    try:
        writer = writer_for(listening=job.settings.listen)
        mended = await job.scope(name).step("mend", job.text.structured, writer, again)
    except Permanent as error:
        await job.warn(f"{name} keeps its first wording, since mending failed: {error.message}")
        return None
    return mended if len(problems_of(mended.visual_prompt)) < len(problems) else None
