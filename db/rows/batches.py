"""Rows of batches, and of what operators ask: commands and decisions."""

from dataclasses import dataclass

from db.rows.row import Row


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
