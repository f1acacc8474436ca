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

MEND = "mend"
"""Name of the step, in the scope of a prompt's step, that writes it again."""


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
    seed = job.seed_for(0)  # one for all, so that the offline rule keeps palette and world
    for planned in job.settings.plan():
        request = VisualPromptRequest(
            features=music.features,
            abc=music.abc,
            mode=planned.mode,
            temperature=planned.temperature,
            number=planned.number,
            seed=seed,
            previous=tuple(one.text for one in done),
            sound=music.sound if job.settings.listen else None,
        )
        done.append(await _write(job, planned, request))
    return tuple(done)


async def _write(
    job: Job[Any, VisualPromptsSettings], planned: PlannedPrompt, request: VisualPromptRequest
) -> PromptReport:
    name = step_of(planned.number)
    writer = writer_for(listening=job.settings.listen)
    draft = await job.step(name, job.text.structured, writer, request)
    problems = problems_of(draft.visual_prompt)
    again = await _mend(job, name, request, draft, problems) if problems else None
    return reported(planned, draft, again)


def step_of(number: int) -> str:
    """Return the name of the step that writes a prompt."""
    return f"prompt-{number}"


def reported(
    planned: PlannedPrompt, draft: VisualPrompt, again: VisualPrompt | None
) -> PromptReport:
    """Return a prompt's report: as it was written again, if that has fewer problems.

    Args:
        planned: The prompt as it was planned.
        draft: What was written first.
        again: What was written again; None if it was not.
    """
    before = len(problems_of(draft.visual_prompt))
    mended = again is not None and len(problems_of(again.visual_prompt)) < before
    written = again if again is not None and mended else draft
    return PromptReport(
        number=planned.number,
        mode=planned.mode,
        temperature=planned.temperature,
        sent_temperature=written.temperature,
        text=written.visual_prompt,
        author=written.author,
        mended=mended,
        problems=problems_of(written.visual_prompt),
    )


async def _mend(
    job: Job[Any, VisualPromptsSettings],
    name: str,
    request: VisualPromptRequest,
    draft: VisualPrompt,
    problems: tuple[str, ...],
) -> VisualPrompt | None:
    """Return the prompt written again; None if it cannot be had."""
    again = request.model_copy(update={"draft": draft.visual_prompt, "problems": problems})
    try:
        writer = writer_for(listening=job.settings.listen)
        return await job.scope(name).step(MEND, job.text.structured, writer, again)
    except Permanent as error:
        await job.warn(f"{name} keeps its first wording, since mending failed: {error.message}")
        return None
