"""Gates of `refine`: an operator looks at a prompt before an image is generated from it."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from engine.contract import Backend, Rejected
from engine.contract.job import Iteration, Job
from engine.recipes.refine.estimate import calls_of_iteration
from engine.recipes.refine.input import RefineInput
from engine.recipes.refine.settings import RefineSettings

START, REFINED, GROUP = "start", "refined", "refine"
"""Names of the gates before the first image and before each later one, and of the latter in the
setting `approve`."""


class NextImage(BaseModel):
    """Prompt of the next image, as an operator approves or edits it."""

    model_config = ConfigDict(frozen=True)

    prompt: str = Field(min_length=1, description="The prompt.")
    negative_prompt: str = Field("", description="What to keep out of the image.")


async def approved(
    job: Job[RefineInput, RefineSettings], iteration: Iteration, prompts: Sequence[NextImage]
) -> list[NextImage]:
    """Return the prompts of an iteration's images, decided or approved if they have to be.

    A prompt that an operator decides takes the place of all. Of several, each has a gate.

    Raises:
        Rejected: The operator has rejected every one.
    """
    first = prompts[0]
    text = await iteration.decide("prompt", default=first.prompt)
    if len(prompts) == 1 or text != first.prompt:
        words = first.model_copy(update={"prompt": text if text.strip() else first.prompt})
        return [await looked_at(job, iteration, words)]
    passed: list[NextImage] = []
    rejection: Rejected | None = None
    cost = cost_of_iteration(job)
    for number, words in enumerate(prompts, 1):
        try:
            scope = iteration.scope(f"rewrite-{number}")
            passed.append(await scope.approve(REFINED, words, cost=cost))
        except Rejected as error:
            rejection = error
    if rejection is not None and not passed:
        raise rejection
    return passed


async def looked_at(
    job: Job[RefineInput, RefineSettings], iteration: Iteration, image: NextImage
) -> NextImage:
    """Return the prompt of an iteration's image, once it is approved if it has to be.

    Raises:
        Rejected: The operator has rejected it.
    """
    cost = cost_of_iteration(job)
    if iteration.number == 1:
        return await job.approve(START, image, cost=cost)
    return await iteration.approve(REFINED, image, cost=cost)


def cost_of_iteration(job: Job[RefineInput, RefineSettings]) -> int | None:
    """Return what an iteration may cost in micro-dollars: images, evaluations and next prompts.

    None if a price is not known.
    """
    backends: dict[str, Backend] = {
        "image": job.image.backend,
        "vision": job.vision.backend,
        "text": job.text.backend,
    }
    if job.settings.score is not None:
        backends["score"] = job.scorers.backend
    calls = calls_of_iteration(job.settings)
    costs = [_times(count, _most(backends[name])) for name, count in calls.items()]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def _times(count: int, cost: int | None) -> int | None:
    return 0 if not count else None if cost is None else count * cost


def _most(backend: Backend) -> int | None:
    if not backend.info.paid:
        return 0
    usual = backend.usual_cost()
    return None if usual is None else usual[1]
