"""What a batch is going to take, before it starts: steps, calls, cost and time, each as a range.

The least is that every job stops after its first turn, the most that it makes all its turns; both
are of ordinary calls that work at the first try. Where there are fallbacks, the most is that every
backend of the list is asked, and paid, in vain but the last. A budget is what keeps to an amount,
not this.
"""

import math
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

Range = tuple[int, int]
"""The least and the most."""


class BackendUse(BaseModel):
    """What one job of a batch asks of one backend.

    Attributes:
        capability: What it is used for.
        backend: The backend's name.
        model: The model that does it.
        paid: Whether its calls cost money.
        calls: Calls of one job, on average; None where the recipe does not say.
        cost: Micro-dollars of one call; None where it is paid and its prices are not known.
        seconds: How long one call takes, as measured in this workspace; None where it never was.
        concurrency: Calls in flight at once.
        requests_per_minute: Calls a minute at most.
        price_names: The settings that have to be set for its prices to be known.
        is_fallback: Whether it is asked only where the backends before it have failed.
        details: What its settings come to, a line each.
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
    """What a batch asks of one backend; as `BackendUse`, for all jobs."""

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
    """What a batch is going to take.

    Attributes:
        jobs: How many jobs there are.
        steps: Steps of all of them; None where the recipe does not say.
        cost: Micro-dollars; None where some price or number of calls is not known.
        seconds: Time, without fallbacks; None where some backend was never measured here.
        lines: The parts of it: one a capability, then one a fallback.
    """

    model_config = ConfigDict(frozen=True)

    jobs: int
    steps: Range | None
    cost: Range | None
    seconds: tuple[float, float] | None
    lines: tuple[EstimateLine, ...]

    @property
    def is_free(self) -> bool:
        """Whether nothing of it costs money."""
        return not any(line.paid for line in self.lines)

    @property
    def unpriced(self) -> list[EstimateLine]:
        """The parts whose prices are not known."""
        return [line for line in self.lines if line.paid and line.cost is None]


def estimate(jobs: int, uses: Sequence[BackendUse], *, in_flight: int) -> Estimate:
    """What a batch is going to take.

    Args:
        jobs: How many jobs there are.
        uses: What one job asks of each backend.
        in_flight: Jobs at the same time at most.
    """
    lines = tuple(_line(jobs, use) for use in uses)
    calls = [line.calls for line in lines]
    costs = [line.cost for line in lines]
    return Estimate(
        jobs=jobs,
        steps=_sum(calls),
        cost=_sum(costs),
        seconds=_seconds(jobs, [use for use in uses if not use.is_fallback], in_flight),
        lines=lines,
    )


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


def _seconds(jobs: int, uses: Sequence[BackendUse], in_flight: int) -> tuple[float, float] | None:
    """The time of the narrowest place: some lane, or the jobs that run at the same time."""
    least, most = _seconds_of(jobs, uses, in_flight, 0), _seconds_of(jobs, uses, in_flight, 1)
    return None if least is None or most is None else (least, most)


def _seconds_of(jobs: int, uses: Sequence[BackendUse], in_flight: int, end: int) -> float | None:
    places = [0.0]
    one_job = 0.0
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
