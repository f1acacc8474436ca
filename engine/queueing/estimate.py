"""Estimate of a plan, from its backends' prices and measurements in this workspace."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from db.queries.spending import seconds_of_calls
from engine.config.settings import Settings
from engine.contract import Backend
from engine.queueing.money.estimate import BackendUse, Estimate, Pool, estimate
from engine.queueing.plan import BatchPlan


def estimated(
    plan: BatchPlan,
    entries: Iterable[tuple[BaseModel, BatchPlan]],
    reader: sqlite3.Connection,
    settings: Settings,
) -> Estimate:
    """Return the estimate of a batch.

    Args:
        plan: Its plan.
        entries: Input of each job, and the plan that it has; read once, one at a time.
        reader: A connection to the store, for the durations of earlier calls.
        settings: The workspace's.
    """
    tallies = _tallies(plan, entries)
    jobs = sum(tally.jobs for tally in tallies)
    uses = _combined(use for tally in tallies for use in tally.uses(jobs, reader, settings))
    in_flight = min(plan.in_flight or jobs, settings.engine.jobs_in_flight)
    seconds = sum(tally.cpu_seconds for tally in tallies)
    computing = seconds / max(jobs, 1) if plan.recipe.cpu_seconds else None
    disk = sum(tally.disk for tally in tallies) if plan.recipe.disk else None
    pool = Pool(computing, settings.engine.cpu_workers)
    return estimate(jobs, uses, in_flight=in_flight, pool=pool).model_copy(update={"disk": disk})


@dataclass(slots=True)
class _Tally:
    """Sums over the jobs that have one plan.

    Attributes:
        plan: The plan.
        settings: Its settings.
        jobs: Number of jobs.
        disk: Bytes of all files.
        cpu_seconds: Seconds of all processors.
        calls: Sums of the calls, by capability.
    """

    plan: BatchPlan
    settings: Any
    jobs: int = 0
    disk: int = 0
    cpu_seconds: float = 0.0
    calls: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, entry: BaseModel) -> None:
        """Add a job."""
        recipe, settings = self.plan.recipe, self.settings
        self.jobs += 1
        self.disk += recipe.disk(entry, settings) if recipe.disk else 0
        self.cpu_seconds += recipe.cpu_seconds(entry, settings) if recipe.cpu_seconds else 0
        calls = recipe.estimate(entry, settings) if recipe.estimate else {}
        for capability, (least, most) in calls.items():
            so_far = self.calls.get(capability, (0, 0))
            self.calls[capability] = (so_far[0] + least, so_far[1] + most)

    def uses(
        self, jobs: int, reader: sqlite3.Connection, settings: Settings
    ) -> Iterator[BackendUse]:
        """Yield its backends, with their calls per job over a number of jobs."""
        calls = {c: (least / jobs, most / jobs) for c, (least, most) in self.calls.items()}
        for capability, backend in self.plan.backends.items():
            yield _use(capability, backend, calls.get(capability), reader, settings)
        for capability, others in self.plan.fallbacks.items():
            for backend in others:
                yield _use(
                    capability, backend, calls.get(capability), reader, settings, is_fallback=True
                )


def _tallies(plan: BatchPlan, entries: Iterable[tuple[BaseModel, BatchPlan]]) -> list[_Tally]:
    """Return the sums of each plan that a job has."""
    tallies: dict[int, _Tally] = {}
    for entry, job_plan in entries:
        if id(job_plan) not in tallies:
            settings = job_plan.recipe.settings.model_validate_json(job_plan.settings)
            tallies[id(job_plan)] = _Tally(job_plan, settings)
        tallies[id(job_plan)].add(entry)
    return list(tallies.values())


def _combined(uses: Iterable[BackendUse]) -> list[BackendUse]:
    """Return uses of which those of the same backend, model and cost are one; fallbacks last."""
    combined: dict[BackendUse, list[tuple[float, float] | None]] = {}
    for use in uses:
        combined.setdefault(use.model_copy(update={"calls": None}), []).append(use.calls)
    summed = [use.model_copy(update={"calls": _sum_of(calls)}) for use, calls in combined.items()]
    return sorted(summed, key=lambda use: use.is_fallback)


def _sum_of(calls: list[tuple[float, float] | None]) -> tuple[float, float] | None:
    known = [pair for pair in calls if pair is not None]
    if len(known) < len(calls):
        return None
    return sum(pair[0] for pair in known), sum(pair[1] for pair in known)


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
