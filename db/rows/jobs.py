"""Rows of jobs, their steps and their iterations."""

import json
from dataclasses import dataclass
from typing import Any

from db.rows.row import Row


@dataclass(frozen=True, slots=True)
class JobRow(Row):
    """One job.

    Attributes:
        axes: Values by axis as JSON, in order, if it is a cell of a grid.
        variant: The settings that it has in place of its batch's, if it has own ones.
    """

    id: int
    batch_id: int
    position: int
    key: str
    state: str
    reason: str | None
    lane: str | None
    message: str | None
    priority: int
    seed: int
    input: str
    output: str
    stage: str | None
    iterations: int
    score: float | None
    cost: int
    starts: int
    result: str | None
    error_id: int | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    rating: int | None = None
    axes: str | None = None
    variant: int | None = None

    @property
    def cell(self) -> dict[str, str]:
        """Its values by axis, in order; empty if it is no cell of a grid."""
        values: dict[str, str] = json.loads(self.axes) if self.axes else {}
        return values

    @property
    def decoded_result(self) -> Any:
        """The result as plain data; None if there is none."""
        return None if self.result is None else json.loads(self.result)


@dataclass(frozen=True, slots=True)
class StepRow(Row):
    """One step: one call, its request and its result as JSON.

    Attributes:
        reused_from: The step whose result was reused, if it was not called itself.
        saved: Cost saved by the reuse, in micro-dollars.
    """

    id: int
    batch_id: int
    job_id: int | None
    key: str
    scope: str
    name: str
    fingerprint: str
    state: str
    operation: str
    backend: str
    model: str
    request: str
    request_id: str | None
    result: str | None
    error_id: int | None
    attempts: int
    cost: int
    started_at: str
    finished_at: str | None
    superseded_at: str | None
    reused_from: int | None
    saved: int
    kind: str

    @property
    def decoded(self) -> Any:
        """The result as plain data; None if there is none."""
        return None if self.result is None else json.loads(self.result)


@dataclass(frozen=True, slots=True)
class IterationRow(Row):
    """One iteration of a job's loop (a view over its steps)."""

    job_id: int
    scope: str
    number: int
    started_at: str
    finished_at: str | None
    cost: int
    steps_done: int
    artifact: str | None
    score: float | None
