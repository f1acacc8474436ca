"""The first prompt of a job: the entry's own, or one that an agent writes."""

from engine.recipes.refine.agents.writer import WRITER, WriteRequest
from engine.recipes.refine.gates import NextImage
from engine.recipes.refine.turn import RefineJob

WRITE = "write_prompt"
"""Key of the step that writes the first prompt."""


async def first_prompt(job: RefineJob) -> NextImage:
    """Return prompt and negative prompt of the first image."""
    entry = job.input
    negative_prompt = entry.negative_prompt
    if entry.prompt or not job.settings.write_prompt:
        return NextImage(prompt=entry.full_prompt, negative_prompt=negative_prompt)
    request = WriteRequest(
        title=entry.title,
        scene=entry.scene,
        mood=entry.mood,
        negative_prompt=negative_prompt,
        brief=entry.full_prompt,
    )
    written = await job.step(WRITE, job.text.structured, WRITER, request)
    return NextImage(
        prompt=written.prompt, negative_prompt=written.negative_prompt or negative_prompt
    )
