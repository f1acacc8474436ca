"""Rows of calls of backends, and of errors."""

from dataclasses import dataclass

from db.rows.row import Row


@dataclass(frozen=True, slots=True)
class ApiCallRow(Row):
    """One request to a provider."""

    id: int
    batch_id: int
    job_id: int | None
    step_id: int
    backend: str
    model: str
    purpose: str
    attempt: int
    request_id: str | None
    status: str
    error: str | None
    wait_seconds: float | None
    cost: int
    tokens_in: int | None
    tokens_out: int | None
    started_at: str
    finished_at: str


@dataclass(frozen=True, slots=True)
class ErrorRow(Row):
    """One error, of kind retryable, permanent, blocked or bug."""

    id: int
    batch_id: int | None
    job_id: int | None
    step_id: int | None
    kind: str
    type: str
    message: str
    remedy: str
    traceback: str
    created_at: str
