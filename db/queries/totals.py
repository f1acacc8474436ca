"""Queries for metrics: totals that are kept beside the rows, and the present state.

None of them looks at all steps or all jobs, so that they cost the same at a million steps.
"""

import sqlite3
from dataclasses import dataclass

from db.queries.controls import is_paused
from db.rows import Row


@dataclass(frozen=True, slots=True)
class StepTotal(Row):
    """Steps that ended alike.

    Attributes:
        outcome: `done`, `reused`, `failed` or `unknown`.
        bucket: Number of the bucket of their duration; -1 for those without one of their own.
        seconds: Sum of their durations.
        first_step: The first of them, by which what is counted is in order of its appearance.
    """

    recipe: str
    operation: str
    backend: str
    model: str
    outcome: str
    bucket: int
    count: int
    seconds: float
    first_step: int


@dataclass(frozen=True, slots=True)
class TokenTotal(Row):
    """Calls of a model by the tokens that they have read (`input`) or written (`output`)."""

    operation: str
    backend: str
    model: str
    type: str
    bucket: int
    count: int
    tokens: int
    first_step: int


@dataclass(frozen=True, slots=True)
class CostTotal(Row):
    """Micro-dollars spent on a model."""

    backend: str
    model: str
    cost: int
    first_step: int


@dataclass(frozen=True, slots=True)
class FaultTotal(Row):
    """Attempts that failed at a model, by class of fault, and micro-dollars that they have cost."""

    backend: str
    model: str
    fault: str
    attempts: int
    cost: int
    first_step: int


@dataclass(frozen=True, slots=True)
class Present:
    """The state of a workspace at one moment.

    Attributes:
        jobs: Number of jobs in each state.
        parked: Number of parked jobs by reason.
        reserved: Micro-dollars reserved for calls in flight.
        presumed: Micro-dollars presumed spent, in all.
        commits: Number and seconds of commits, by bucket.
        paused: True while everything is paused.
    """

    jobs: dict[str, int]
    parked: dict[str, int]
    reserved: int
    presumed: int
    commits: dict[int, tuple[int, float]]
    paused: bool


def step_totals(connection: sqlite3.Connection) -> list[StepTotal]:
    """Return ended steps, those that appeared first first."""
    rows = connection.execute("SELECT * FROM step_totals ORDER BY first_step")
    return [StepTotal.of(row) for row in rows]


def token_totals(connection: sqlite3.Connection) -> list[TokenTotal]:
    """Return tokens of calls, those that appeared first first."""
    rows = connection.execute("SELECT * FROM token_totals ORDER BY first_step")
    return [TokenTotal.of(row) for row in rows]


def cost_totals(connection: sqlite3.Connection) -> list[CostTotal]:
    """Return what was spent on each model, those that appeared first first."""
    rows = connection.execute("SELECT * FROM cost_totals ORDER BY first_step")
    return [CostTotal.of(row) for row in rows]


def fault_totals(connection: sqlite3.Connection) -> list[FaultTotal]:
    """Return failed attempts of all batches, deleted ones too."""
    rows = connection.execute(
        """SELECT backend, model, fault, sum(attempts) AS attempts, sum(cost) AS cost,
           min(first_step) AS first_step FROM fault_totals GROUP BY 1, 2, 3 ORDER BY 6"""
    )
    return [FaultTotal.of(row) for row in rows]


_STATES = ("queued", "running", "paused", "parked", "done", "failed", "cancelled")


def present(connection: sqlite3.Connection) -> Present:
    """Return the present state; batches have counters of their jobs, so none are counted."""
    sums = ", ".join(f"coalesce(sum({state}), 0)" for state in _STATES)
    jobs = connection.execute(f"SELECT {sums} FROM batches").fetchone()  # noqa: S608 - our names
    parked = connection.execute(
        "SELECT coalesce(reason, ''), count(*) FROM jobs WHERE state = 'parked' GROUP BY reason"
    )
    reserved = "SELECT coalesce(sum(reserved), 0) FROM steps WHERE reserved > 0"
    presumed = "SELECT coalesce(sum(presumed), 0) FROM spending"
    commits = connection.execute("SELECT bucket, count, seconds FROM commit_totals")
    return Present(
        jobs=dict(zip(_STATES, jobs, strict=True)),
        parked=dict(map(tuple, parked)),
        reserved=int(connection.execute(reserved).fetchone()[0]),
        presumed=int(connection.execute(presumed).fetchone()[0]),
        commits={row[0]: (row[1], row[2]) for row in commits},
        paused=is_paused(connection),
    )
