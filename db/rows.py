"""Typed rows, as returned by the queries. Field names and units are the columns' own."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Row:
    """Base of all rows, created from the columns that the row and the query have in common."""

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the typed row of a raw one."""
        names: tuple[str, ...] = cls.__match_args__  # the fields, in their order
        return cls(*[row[name] for name in names])


@dataclass(frozen=True, slots=True)
class BatchRow(Row):
    """One batch, with its counters."""

    id: int
    name: str
    recipe: str
    recipe_version: str
    seed: int
    priority: int
    in_flight: int | None
    settings: str
    snapshot: str
    source: str
    outputs: str
    summary: str
    state: str
    held: int
    finish: str
    finish_error: str | None
    start: str
    before_result: str | None
    after_result: str | None
    checkpoints: int
    queued: int
    running: int
    paused: int
    parked: int
    done: int
    failed: int
    cancelled: int
    cost: int
    presumed: int
    budget: int | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    starred: int
    note: str
    archived_at: str | None
    deleting: int

    @property
    def jobs(self) -> dict[str, int]:
        """Number of jobs in each state; states without jobs are left out."""
        counts = {
            "queued": self.queued,
            "running": self.running,
            "paused": self.paused,
            "parked": self.parked,
            "done": self.done,
            "failed": self.failed,
            "cancelled": self.cancelled,
        }
        return {state: count for state, count in counts.items() if count}

    @property
    def total(self) -> int:
        """Number of jobs."""
        return sum(self.jobs.values())

    @property
    def ended(self) -> int:
        """Number of jobs that are done, failed or cancelled."""
        return self.done + self.failed + self.cancelled

    @property
    def is_over(self) -> bool:
        """True if nothing is left to do, its finish included."""
        return self.state in {"done", "done_with_failures", "cancelled"}


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
class ArtifactRow(Row):
    """One stored file and its role in its step."""

    id: int
    batch_id: int
    job_id: int | None
    step_id: int | None
    role: str
    hash: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    created_at: str
    kind: str
    facts: str


@dataclass(frozen=True, slots=True)
class ScoreRow(Row):
    """One score."""

    id: int
    job_id: int | None
    step_id: int
    metric: str
    value: float
    raw: float | None
    scorer: str
    image: str | None = None


@dataclass(frozen=True, slots=True)
class CritiqueRow(Row):
    """One critique; `missing` and `measurements` are JSON."""

    id: int
    job_id: int | None
    step_id: int
    text: str
    missing: str
    measurements: str


@dataclass(frozen=True, slots=True)
class PromptRow(Row):
    """One version of a prompt."""

    id: int
    job_id: int | None
    step_id: int | None
    parent_id: int | None
    text: str
    negative: str
    author: str
    reason: str
    created_at: str


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
class EventRow(Row):
    """One event of the history; `data` is JSON."""

    id: int
    at: str
    batch_id: int | None
    job_id: int | None
    step_id: int | None
    type: str
    level: str
    message: str
    data: str


@dataclass(frozen=True, slots=True)
class ProgressRow(Row):
    """Progress of a step; replaced, not history."""

    step_id: int
    batch_id: int
    job_id: int | None
    fraction: float | None
    message: str
    at: str
    preview: bytes | None = None


@dataclass(frozen=True, slots=True)
class CommandRow(Row):
    """A queued command; `targets` and `arguments` are JSON."""

    id: int
    verb: str
    targets: str
    arguments: str
    source: str
    state: str
    answer: str | None
    created_at: str
    answered_at: str | None


@dataclass(frozen=True, slots=True)
class DecisionRow(Row):
    """An operator's decision for a job; `value` is JSON. One that was undone is history."""

    id: int
    job_id: int
    key: str
    value: str
    author: str
    created_at: str
    undone_at: str | None = None


@dataclass(frozen=True, slots=True)
class EngineRow(Row):
    """One engine process, present or past."""

    id: int
    pid: int
    host: str
    version: str
    run_id: str
    state: str
    started_at: str
    seen_at: str
    stopped_at: str | None


@dataclass(frozen=True, slots=True)
class LaneRow(Row):
    """One lane as the engine last reported it.

    Attributes:
        concurrency: Maximum calls in flight, as configured.
        width: Maximum calls in flight at present.
    """

    name: str
    state: str
    reason: str | None
    message: str | None
    concurrency: int
    width: int
    requests_per_minute: float | None
    in_flight: int
    waiting: int
    updated_at: str


@dataclass(frozen=True, slots=True)
class HostRow(Row):
    """One model host as the engine last reported it.

    Attributes:
        device: Its device, for example `cuda:0`, `cpu` or `gpu-a/cuda:0`; the name of a machine
            whose devices are not known.
        name: Name of the device.
        pid: Its process, None if none runs.
        state: `starting`, `idle`, `busy`, `restarting` after a crash, or `stopped`.
        message: Its current work, or why it stopped.
        memory_total: Bytes of its device, None if not known yet.
        memory_budget: Bytes that models may fill there.
        memory_used: Bytes that they fill.
        models: Loaded models, the least recently used first: JSON, a list of `name`, `bytes`,
            `offloaded` and `seconds` (of one task, null if not measured).
        waiting: Tasks that wait for it.
        running: Tasks that it works on.
        restarts: Number of times its process was restarted.
        machine: Its machine, empty for the engine's own.
        link: State of the link to another machine: `connecting`, `connected`, `lost` or `refused`;
            empty on the engine's own.
        retry_at: When a lost link is tried again, in seconds since 1970.
        latency_ms: Round trip to the machine in milliseconds.
        version: Versions on another machine, in words.
        load: Share of the time in which the device computed, in percent.
        celsius: Temperature of the device.
        device_used: Bytes of the device's memory that all programs use.
    """

    device: str
    name: str
    pid: int | None
    state: str
    message: str
    memory_total: int | None
    memory_budget: int | None
    memory_used: int | None
    models: str
    waiting: int
    running: int
    restarts: int
    updated_at: str
    machine: str = ""
    link: str = ""
    retry_at: float | None = None
    latency_ms: float | None = None
    version: str = ""
    load: int | None = None
    celsius: int | None = None
    device_used: int | None = None


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


@dataclass(frozen=True, slots=True)
class TokenRow(Row):
    """One token of the HTTP API; the token itself is not kept.

    Attributes:
        kind: `opaque`, or `jwt` for one that is signed by the workspace's own key.
        hash: SHA-256 of the token, or of the id that a signed one holds.
        scopes: Its permissions, divided by commas.
        ceiling: Maximum cost of what it queues, in micro-dollars; None for no maximum.
    """

    id: int
    name: str
    kind: str
    hash: str
    scopes: str
    ceiling: int | None
    created_at: str
    expires_at: str | None
    used_at: str | None
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class AnswerRow(Row):
    """The answer to a request with an idempotency key, to be repeated.

    Attributes:
        caller: The principal that sent the request.
        fingerprint: SHA-256 of method, path and body.
        headers: Headers of the answer as JSON, as `Location`.
    """

    caller: str
    key: str
    fingerprint: str
    status: int
    body: str
    headers: str
    created_at: str


@dataclass(frozen=True, slots=True)
class WebhookRow(Row):
    """An address that gets events.

    Attributes:
        batch_id: Its batch; None for all batches.
        types: Types of the events that it gets, as a JSON list.
        reason: Why it has ended.
    """

    id: int
    batch_id: int | None
    url: str
    types: str
    created_at: str
    ended_at: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class DeliveryRow(Row):
    """The delivery of one event to one webhook.

    Attributes:
        body: The message, which is the same at every try.
        state: `pending`, `delivered`, `failed` or `dropped`.
        attempts: Number of tries so far.
        next_at: Time of the next try.
        status: HTTP status of the last answer.
        error: What went wrong at the last try.
    """

    id: int
    webhook_id: int
    event_id: int
    type: str
    body: str
    state: str
    attempts: int
    next_at: str
    status: int | None
    error: str | None
    created_at: str
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class FileRow(Row):
    """A stored file, whoever names it: a step or an upload.

    Attributes:
        facts: Further facts as JSON.
    """

    hash: str
    kind: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    facts: str
