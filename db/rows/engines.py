"""Rows of engines: lanes, hosts, progress, events."""

from dataclasses import dataclass

from db.rows.row import Row


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
