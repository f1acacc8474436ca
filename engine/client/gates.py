"""Gates that wait for an operator: what each shows."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.queries.gates import (
    batches_waiting,
    count_waiting,
    gates_to_answer,
    jobs_at_gates,
    jobs_waiting,
    waiting_gates_of_batch,
)
from db.queries.jobs import job as read_job
from db.rows import BatchRow, JobRow, StepRow
from db.writes.gates import WAITING
from engine.text.errors import UserError
from engine.text.terminal import clean, quoted


class NothingWaits(UserError):
    """A job or a batch does not wait at a gate, or at several."""


@dataclass(frozen=True, slots=True)
class WaitingGate:
    """A gate that a job or a batch waits at, and the value that it shows.

    Attributes:
        job: The job's number; None if the batch itself waits.
        key: The gate's key.
        value: What is to be approved, as plain data.
        fingerprint: Fingerprint of the step, so that an answer is about what was looked at.
        since: Time since which it waits, UTC in ISO 8601.
    """

    job: int | None
    key: str
    value: Any
    fingerprint: str
    since: str

    @property
    def text(self) -> str:
        """The value as JSON to look at and edit, with nothing that could act on a terminal."""
        text = json.dumps(self.value, indent=2, ensure_ascii=False)
        if clean(text, None, keep_newlines=True) == text:
            return text
        return json.dumps(self.value, indent=2)


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """A gate that a job or a batch waits at, with the batch and the job that it belongs to.

    Attributes:
        batch: The batch's number.
        name: The batch's name.
        job_key: The job's key; empty if the batch itself waits.
        gate: The gate.
    """

    batch: int
    name: str
    job_key: str
    gate: WaitingGate


def everything_waiting(connection: sqlite3.Connection) -> list[WaitingItem]:
    """Return what batches and jobs wait with, the longest waiting first, at most 300 of each."""
    of_batches = [
        WaitingItem(batch, name, "", _waiting(step))
        for batch, name, step in batches_waiting(connection)
    ]
    of_jobs = [
        WaitingItem(batch, name, key, _waiting(step))
        for batch, name, key, step in jobs_waiting(connection)
    ]
    return sorted([*of_batches, *of_jobs], key=lambda item: item.gate.since)


def waiting_gates(connection: sqlite3.Connection, job_id: int) -> list[WaitingGate]:
    """Return the gates that a job waits at: its own, and its batch's before the first job."""
    job = read_job(connection, job_id)
    gates = gates_to_answer(connection, job) if job is not None else []
    return [_waiting(gate) for gate in gates if gate.state == WAITING]


def batch_gates(connection: sqlite3.Connection, batch_id: int) -> list[WaitingGate]:
    """Return the gates that a batch's own steps wait at."""
    return [_waiting(gate) for gate in waiting_gates_of_batch(connection, batch_id)]


def _waiting(gate: StepRow) -> WaitingGate:
    value = json.loads(gate.request)["value"]
    return WaitingGate(gate.job_id, gate.key, value, gate.fingerprint, gate.started_at)


def waiting_count(
    connection: sqlite3.Connection, targets: Sequence[Mapping[str, int]]
) -> dict[str, int]:
    """Return how many values wait for approval, by gate.

    Args:
        connection: A connection to the store.
        targets: Batches and jobs, as commands have them: `{"batch": 1}` or `{"job": 2}`.
    """
    batches = [target["batch"] for target in targets if "batch" in target]
    jobs = [target["job"] for target in targets if "job" in target]
    return dict(count_waiting(connection, batches, jobs))


def gates_in(
    connection: sqlite3.Connection, batch: BatchRow, job: JobRow | None
) -> Iterator[WaitingGate]:
    """Yield the gates that a job waits at, or a batch and all of its jobs."""
    if job is not None:
        yield from waiting_gates(connection, job.id)
        return
    yield from batch_gates(connection, batch.id)
    after = 0
    while page := jobs_at_gates(connection, batch.id, after):
        for job_id in page:
            yield from (gate for gate in waiting_gates(connection, job_id) if gate.job is not None)
        after = page[-1]


def only_gate(
    connection: sqlite3.Connection, batch: BatchRow, job: JobRow | None, key: str = ""
) -> WaitingGate:
    """Return the gate of a key that a job or a batch waits at; without a key, the only one.

    Raises:
        NothingWaits: There is none, or several and no key.
    """
    if job is None:
        name, gates = f"b{batch.id}", batch_gates(connection, batch.id)
    else:
        name, gates = f"j{job.id}", waiting_gates(connection, job.id)
    named = [gate for gate in gates if key in {"", gate.key}]
    if len(named) == 1:
        return named[0]
    keys = " and ".join(gate.key for gate in gates)
    if named:
        raise NothingWaits(f"{name} waits for approval of {keys}.", remedy="Name one of them.")
    what = quoted(key) if key else "anything"
    remedy = f"It waits for {keys}." if keys else ""
    if job is None and not keys:
        remedy = "To look at a gate of one of its jobs, name the job."
    raise NothingWaits(f"{name} does not wait for approval of {what}.", remedy=remedy)
