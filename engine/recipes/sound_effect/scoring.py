"""Scores of a take by a backend of scores, if one is named: fit to the words, and quality."""

from engine.contract import Artifact, Permanent
from engine.contract.job import Job, Scope
from engine.recipes.sound_effect.input import SoundEffectInput
from engine.recipes.sound_effect.settings import SoundEffectSettings

SCORE = "score"
"""Name of the step."""


async def score_take(
    job: Job[SoundEffectInput, SoundEffectSettings], scope: Scope, sound: Artifact, prompt: str
) -> dict[str, float] | None:
    """Return the scores of a take by metric, 0 to 100; None if no backend is named, or it failed.

    Args:
        job: Its job.
        scope: Scope of its steps.
        sound: The take.
        prompt: Prompt that it was generated from.
    """
    if job.settings.score is None:
        return None
    brief = job.input.prompt
    try:
        table = await scope.step(SCORE, job.scorers.score, [sound], brief=brief, prompt=prompt)
    except Permanent as error:
        await scope.warn(f"A take is judged by its measures alone: {error.message}")
        return None
    marks = {column.metric: column.marks[0].value for column in table.columns}
    return {metric: value for metric, value in marks.items() if value is not None}
