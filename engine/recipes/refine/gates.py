"""Gates of `refine`: an operator looks at a prompt before an image is generated from it."""

from pydantic import BaseModel, ConfigDict, Field

from engine.contract import Backend
from engine.contract.job import Iteration, Job
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
    """Return what an iteration may cost in micro-dollars: image, evaluation and next prompt.

    None if a price is not known.
    """
    costs = [_most(one.backend) for one in (job.image, job.vision, job.text)]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def _most(backend: Backend) -> int | None:
    if not backend.info.paid:
        return 0
    usual = backend.usual_cost()
    return None if usual is None else usual[1]
