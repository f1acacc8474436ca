"""Estimate of a batch before it starts: ranges of steps, calls, cost and time.

The minimum assumes that every job stops after its first turn, the maximum that it uses all turns;
both assume that calls succeed at the first attempt. With fallbacks, the maximum assumes that every
backend of the list but the last is called, and paid, in vain. Only a budget limits the cost, not
this estimate.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

Range = tuple[int, int]
"""Minimum and maximum."""


class BackendUse(BaseModel):
    """Use of one backend by one job of a batch.

    Attributes:
        capability: Its purpose.
        backend: The backend's name.
        model: The model.
        paid: True if its calls cost money.
        calls: Calls per job, on average; None if the recipe has no figure.
        cost: Micro-dollars per call; None if it is paid and its prices are unknown.
        seconds: Duration of one call, as measured in this workspace; None if never measured.
        concurrency: Calls in flight at once.
        requests_per_minute: Maximum number of calls per minute.
        price_names: The settings that have to be set for its prices to be known.
        is_fallback: True if it is called only after the backends before it have failed.
        details: Summary of its settings, one per line.
    """

    model_config = ConfigDict(frozen=True)

    capability: str
    backend: str
    model: str
    paid: bool
    calls: tuple[float, float] | None
    cost: Range | None
    seconds: float | None
    concurrency: int
    requests_per_minute: float | None = None
    price_names: tuple[str, ...] = ()
    is_fallback: bool = False
    details: tuple[str, ...] = ()


class EstimateLine(BaseModel):
    """Use of one backend by a batch; as `BackendUse`, for all jobs."""

    model_config = ConfigDict(frozen=True)

    capability: str
    backend: str
    model: str
    paid: bool
    calls: Range | None
    cost: Range | None
    price_names: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


class Estimate(BaseModel):
    """Estimate of a batch.

    Attributes:
        jobs: Number of jobs.
        steps: Steps of all of them; None if the recipe has no figure.
        cost: Micro-dollars; None if some price or number of calls is unknown.
        seconds: Time, without fallbacks; None if some backend was never measured here.
        cpu_seconds: Seconds of a processor that are computed here, about, and part of the time;
            None if the recipe has no figure.
        lines: Its parts: one per capability, then one per fallback.
        disk: Bytes that its files take, about; None if the recipe has no figure.
    """

    model_config = ConfigDict(frozen=True)

    jobs: int
    steps: Range | None
    cost: Range | None
    seconds: tuple[float, float] | None
    lines: tuple[EstimateLine, ...]
    disk: int | None = None
    cpu_seconds: float | None = None

    @property
    def is_free(self) -> bool:
        """True if nothing in it costs money."""
        return not any(line.paid for line in self.lines)

    @property
    def unpriced(self) -> list[EstimateLine]:
        """Parts with unknown prices."""
        return [line for line in self.lines if line.paid and line.cost is None]


@dataclass(frozen=True, slots=True)
class Pool:
    """Computation in the process pool.

    Attributes:
        seconds: Seconds of a processor per job, on average; None if they are not known.
        processes: Number of processes.
    """

    seconds: float | None = None
    processes: int = 1


def estimate(
    jobs: int, uses: Sequence[BackendUse], *, in_flight: int, pool: Pool | None = None
) -> Estimate:
    """Return the estimate of a batch.

    Args:
        jobs: Number of jobs.
        uses: Use of each backend by one job.
        in_flight: Maximum number of concurrent jobs.
        pool: What is computed here.
    """
    pool = pool or Pool()
    lines = tuple(_line(jobs, use) for use in uses)
    calls = [line.calls for line in lines]
    costs = [line.cost for line in lines]
    return Estimate(
        jobs=jobs,
        steps=_sum(calls),
        cost=_sum(costs),
        seconds=_seconds(jobs, [use for use in uses if not use.is_fallback], in_flight, pool),
        lines=lines,
        cpu_seconds=None if pool.seconds is None else jobs * pool.seconds,
    )


def less_calls(whole: Estimate, kept: Sequence[tuple[str, str]]) -> Estimate:
    """Return an estimate without calls that are answered already; times are scaled.

    Args:
        whole: The estimate with them.
        kept: Name and model of the backend of each.
    """
    left = Counter(kept)
    lines = []
    for line in whole.lines:
        place = (line.backend, line.model)
        taken = min(left[place], line.calls[1]) if line.calls else 0
        left[place] -= taken
        lines.append(_less(line, taken))
    steps, before = _sum([line.calls for line in lines]), whole.steps
    share = steps[1] / before[1] if steps and before and before[1] else 1.0
    seconds = whole.seconds and (whole.seconds[0] * share, whole.seconds[1] * share)
    cost = _sum([line.cost for line in lines])
    return whole.model_copy(
        update={"lines": tuple(lines), "steps": steps, "cost": cost, "seconds": seconds}
    )


def _less(line: EstimateLine, taken: int) -> EstimateLine:
    if line.calls is None or not taken:
        return line
    calls = (max(0, line.calls[0] - taken), max(0, line.calls[1] - taken))
    cost = line.cost
    if cost is not None:
        cost = (
            cost[0] * calls[0] // max(1, line.calls[0]),
            cost[1] * calls[1] // max(1, line.calls[1]),
        )
    return line.model_copy(update={"calls": calls, "cost": cost})


def _line(jobs: int, use: BackendUse) -> EstimateLine:
    calls = None if use.calls is None else (round(jobs * use.calls[0]), round(jobs * use.calls[1]))
    each = use.cost if use.paid else (0, 0)
    cost = None
    if each == (0, 0):
        cost = each
    elif calls is not None and each is not None:
        cost = (calls[0] * each[0], calls[1] * each[1])
    return EstimateLine(
        capability=use.capability,
        backend=use.backend,
        model=use.model,
        paid=use.paid,
        calls=calls,
        cost=cost,
        price_names=use.price_names,
        details=use.details,
    )


def _sum(ranges: Sequence[Range | None]) -> Range | None:
    known = [item for item in ranges if item is not None]
    if len(known) < len(ranges):
        return None
    return sum(item[0] for item in known), sum(item[1] for item in known)


def _seconds(
    jobs: int, uses: Sequence[BackendUse], in_flight: int, pool: Pool
) -> tuple[float, float] | None:
    """Return the time of the bottleneck: a lane, the processes, or the limit of concurrent jobs."""
    least, most = (_seconds_of(jobs, uses, in_flight, pool, end) for end in (0, 1))
    return None if least is None or most is None else (least, most)


def _seconds_of(
    jobs: int, uses: Sequence[BackendUse], in_flight: int, pool: Pool, end: int
) -> float | None:
    one_job = (pool.seconds or 0.0) / max(1, pool.processes)
    places = [jobs * one_job]
    for use in uses:
        if use.calls is None or (use.seconds is None and use.calls[end]):
            return None
        spent = use.calls[end] * (use.seconds or 0.0)
        one_job += spent
        places.append(jobs * spent / max(1, use.concurrency))
        if use.requests_per_minute:
            places.append(jobs * use.calls[end] / use.requests_per_minute * 60)
    places.append(math.ceil(jobs / max(1, in_flight)) * one_job)
    return max(places)
