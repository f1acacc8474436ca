"""Reuse: a request that was already answered for another job is not sent again.

Only of backends that give the same result for the same request (`reusable`), and only for the same
fingerprint, which holds model and version. A result whose files are gone does not count. While one
step runs, another one of the same fingerprint waits for it and is answered from its row; if it
fails, the other one runs as well.
"""

import asyncio

from db.writes.reuse import find_reusable, reuse_step
from engine.contract import Backend
from engine.runtime.step.job_state import StepRecord
from engine.runtime.step.services import StepRequest, StepResult, StepServices, headline_of


def is_reusable(backend: Backend) -> bool:
    """Return whether a backend declares that the same request gives the same result."""
    return backend.info.reusable


def may_be_reused(services: StepServices, backend: Backend) -> bool:
    """Return whether another step's answer may stand in for one of a backend's."""
    return services.engine_settings.reuse != "never" and is_reusable(backend)


async def reused(services: StepServices, asked: StepRequest) -> StepResult | None:
    """Answers a step that has never been begun from another one; None where that cannot be.

    Whoever gets None makes the step in the task that called this, and others wait for that task.
    """
    within = asked.job.id if services.engine_settings.reuse == "job" else None
    place = (within, asked.fingerprint)
    while (result := await _answered_before(services, asked, within)) is None:
        maker = services.making.get(place)
        if maker is None:
            _make_known(services, place)
            return None
        await asyncio.wait({maker})  # never cancelled from here: others wait for it too
    return result


def _make_known(services: StepServices, place: tuple[int | None, str]) -> None:
    """Notes that the task that is running makes what others may ask for meanwhile."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("A step runs in a task.")
    services.making[place] = task
    task.add_done_callback(lambda _done: services.making.pop(place, None))


async def _answered_before(
    services: StepServices, asked: StepRequest, within: int | None
) -> StepResult | None:
    print_ = asked.fingerprint
    earlier = await services.writer.write(lambda c: find_reusable(c, print_, within))
    if earlier is None:
        return None
    if earlier.hashes and await asyncio.to_thread(
        services.artifacts.lost, earlier.hashes, deep=False
    ):
        return None
    result = asked.parsed(earlier.result)
    scores, intent = result.scores(), asked.intent()
    headline = headline_of(asked.run, scores)
    step_id = await services.writer.write(
        lambda c: reuse_step(c, intent, earlier, headline=headline, iterations=asked.iteration)
    )
    if not step_id:
        return None
    services.has_stored(asked, headline, asked.iteration)
    services.remember(asked, StepRecord(step_id, "done", result=earlier.result))
    return StepResult(result, scores)
