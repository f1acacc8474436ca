"""The loop of `sound-effect`: generate takes, measure them, refine the prompt; keep one."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.contract import Permanent
from engine.contract.audio import AUDIO
from engine.contract.backend import FrozenModel
from engine.contract.job import Iteration
from engine.contract.side_by_side import side_by_side
from engine.recipes.sound_effect.agents.refiner import (
    REFINER,
    SoundRefinement,
    SoundRefineRequest,
)
from engine.recipes.sound_effect.estimate import unused
from engine.recipes.sound_effect.judging import best_take
from engine.recipes.sound_effect.placing import (
    PLACE,
    SPATIAL,
    LaidSteps,
    PlaceRequest,
    lay_steps,
)
from engine.recipes.sound_effect.takes import (
    FINISH,
    GENERATE,
    SoundEffectJob,
    Take,
    generate_take,
    seconds_of,
    take_scope,
)

REFINE, SELECT = "refine", "select"
"""Names of the refining step, and of the decision."""


class SoundEffect(FrozenModel):
    """The sound effect that is kept, and how the others did.

    Attributes:
        take: The take that is kept.
        reason: Why it is kept, in a sentence.
        scores: Score of each take by its number.
        placed: Its steps on the events of a film; None without events, or if it has no steps.
    """

    take: Take
    reason: str
    scores: dict[int, float] = Field(default_factory=dict)
    placed: LaidSteps | None = None

    @property
    def score(self) -> float:
        """Score of the take that is kept, 0 to 100."""
        return self.take.measured.judgement.score


async def sound_effect(job: SoundEffectJob) -> SoundEffect:
    """Generate takes of a prompt, refine it while none is good enough, and keep the best take.

    An operator may decide for another take (`select`; 0 takes the best).

    Raises:
        Permanent: All takes of the first prompt failed.
    """
    prompt, negative_prompt = job.input.prompt, job.input.negative_prompt
    takes: list[Take] = []
    for note in unused(job.input, job.settings, job.use(AUDIO).info):
        await job.warn(note)
    for iteration in job.iterations(job.settings.max_iterations):
        takes += await _takes(job, iteration, prompt, negative_prompt)
        job.publish()
        best = takes[_best(takes)[0]]
        if best.measured.judgement.score >= job.settings.target_score or iteration.is_last:
            break
        refinement = await _refined(job, iteration, best)
        if refinement is None:
            break
        prompt = refinement.prompt
        negative_prompt = refinement.negative_prompt or job.input.negative_prompt
    place, reason = _best(takes)
    numbers = [take.number for take in takes]
    chosen = await job.decide(SELECT, default=0, among=[0, *numbers])
    if chosen:
        place, reason = numbers.index(chosen), f"An operator has chosen take {chosen}."
    scores = {take.number: take.measured.judgement.score for take in takes}
    placed = await _placed(job, takes, takes[place])
    return SoundEffect(take=takes[place], reason=reason, scores=scores, placed=placed)


async def _placed(job: SoundEffectJob, takes: list[Take], kept: Take) -> LaidSteps | None:
    """Return the steps of the take that is kept on the events; the takes stay if that fails."""
    if job.input.events is None:
        return None
    others = [take for take in takes if take.prompt == kept.prompt and take is not kept]
    others.sort(key=lambda take: (-take.measured.judgement.score, take.number))
    request = PlaceRequest(
        sounds=tuple(take.audio.audio for take in (kept, *others)),
        events=job.input.events,
        hrtf=job.input.hrtf,
        field_of_view=job.settings.field_of_view,
        seed=job.seed,
    )
    try:
        placed = await job.local(PLACE, lay_steps, request, method=SPATIAL)
    except Permanent as error:
        await job.warn(error.message)
        return None
    for note in placed.notes:
        await job.warn(note)
    return placed


async def _refined(job: SoundEffectJob, iteration: Iteration, best: Take) -> SoundRefinement | None:
    """Return the next prompt, or None if it cannot be had: the takes so far are kept."""
    request = SoundRefineRequest(
        brief=job.input.prompt,
        seconds=seconds_of(job),
        prompt=best.prompt,
        negative_prompt=best.negative_prompt,
        problems=best.measured.judgement.problems,
    )
    try:
        return await iteration.step(REFINE, job.text.structured, REFINER, request)
    except Permanent as error:
        await job.warn(f"The prompt is not refined further: {error.message}")
        return None


def _best(takes: list[Take]) -> tuple[int, str]:
    """Return the place of the best take, and why it is the best."""
    numbers = [take.number for take in takes]
    best = best_take({take.number: take.measured.judgement for take in takes})
    return numbers.index(best.number), best.reason


async def _takes(
    job: SoundEffectJob, iteration: Iteration, prompt: str, negative_prompt: str
) -> list[Take]:
    """Return the takes of a prompt, all generated at the same time, without those that failed."""
    first = (iteration.number - 1) * job.settings.num_variations
    numbers = range(first + 1, first + job.settings.num_variations + 1)
    results = await side_by_side(
        lambda number: generate_take(job, iteration, number, (prompt, negative_prompt)), numbers
    )
    takes: list[Take] = []
    for number, result in zip(numbers, results, strict=True):
        if isinstance(result, Permanent):
            await job.warn(f"Take {number} is left out: {result.message}")
        else:
            takes.append(result)
    errors = [result for result in results if isinstance(result, Permanent)]
    if errors and not takes and iteration.number == 1:
        raise errors[0]
    return takes


def best_part(result: Mapping[str, Any]) -> str:
    """Return the step with the sound of the take that is kept.

    Args:
        result: A `SoundEffect` as plain data.
    """
    take = SoundEffect.model_validate(result).take
    name = FINISH if take.finished else GENERATE
    return f"iteration-{take.iteration}/{take_scope(take.number)}/{name}"
