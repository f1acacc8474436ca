"""Estimate of a plan, from its backends' prices and measurements in this workspace."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from db.queries.spending import seconds_of_calls
from engine.config.settings import Settings
from engine.contract import Backend
from engine.queueing.money.estimate import BackendUse, Estimate, Pool, estimate
from engine.queueing.plan import BatchPlan


def estimated(
    plan: BatchPlan, entries: Iterable[BaseModel], reader: sqlite3.Connection, settings: Settings
) -> Estimate:
    """Return the estimate of a batch.

    Args:
        plan: Its plan.
        entries: Input of each job; read once, one at a time.
        reader: A connection to the store, for the durations of earlier calls.
        settings: The workspace's.
    """
    jobs, calls, here = _count(plan, entries)
    uses = [
        _use(capability, backend, calls.get(capability), reader, settings)
        for capability, backend in plan.backends.items()
    ]
    uses += [
        _use(capability, backend, calls.get(capability), reader, settings, is_fallback=True)
        for capability, others in plan.fallbacks.items()
        for backend in others
    ]
    in_flight = min(plan.in_flight or jobs, settings.engine.jobs_in_flight)
    computing = None if here.cpu_seconds is None else here.cpu_seconds / max(jobs, 1)
    pool = Pool(computing, settings.engine.cpu_workers)
    return estimate(jobs, uses, in_flight=in_flight, pool=pool).model_copy(
        update={"disk": here.disk}
    )


@dataclass(frozen=True, slots=True)
class _Here:
    """Bytes of all files, and seconds of all processors; None if the recipe has no figure."""

    disk: int | None
    cpu_seconds: float | None


def _count(
    plan: BatchPlan, entries: Iterable[BaseModel]
) -> tuple[int, Mapping[str, tuple[float, float]], _Here]:
    """Return the number of jobs, the mean calls per job by capability, and what they take here."""
    recipe = plan.recipe
    settings = recipe.settings.model_validate_json(plan.settings)
    jobs, disk, computing, sums = 0, 0, 0.0, dict[str, tuple[float, float]]()
    for jobs, entry in enumerate(entries, 1):  # noqa: B007 - how many is the last number
        disk += recipe.disk(entry, settings) if recipe.disk else 0
        computing += recipe.cpu_seconds(entry, settings) if recipe.cpu_seconds else 0
        own = recipe.estimate(entry, settings) if recipe.estimate else {}
        for capability, (least, most) in own.items():
            so_far = sums.get(capability, (0, 0))
            sums[capability] = (so_far[0] + least, so_far[1] + most)
    calls = {c: (least / jobs, most / jobs) for c, (least, most) in sums.items()}
    return (
        jobs,
        calls,
        _Here(disk if recipe.disk else None, computing if recipe.cpu_seconds else None),
    )


def _use(
    capability: str,
    backend: Backend,
    calls: tuple[float, float] | None,
    reader: sqlite3.Connection,
    settings: Settings,
    *,
    is_fallback: bool = False,
) -> BackendUse:
    if is_fallback and calls is not None:
        calls = (0, calls[1])
    info = backend.info
    return BackendUse(
        capability=capability,
        is_fallback=is_fallback,
        backend=info.name,
        model=info.model,
        paid=info.paid,
        calls=calls,
        cost=backend.usual_cost(),
        seconds=seconds_of_calls(reader, info.name, info.model),
        concurrency=info.limits.concurrency or settings.engine.cpu_workers,
        requests_per_minute=info.limits.requests_per_minute,
        price_names=info.price_names,
        details=tuple(backend.details()),
    )
