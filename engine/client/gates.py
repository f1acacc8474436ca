"""Gates that wait for an operator: what each shows."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from db.queries.gates import gates_of, jobs_at_gates
from db.rows import BatchRow, JobRow
from db.writes.gates import WAITING
from engine.text.errors import UserError
from engine.text.terminal import clean, quoted


class NothingWaits(UserError):
    """A job does not wait at a gate, or at several."""


@dataclass(frozen=True, slots=True)
class WaitingGate:
    """A gate that a job waits at, and the value that it shows.

    Attributes:
        job: The job's number.
        key: The gate's key.
        value: What is to be approved, as plain data.
        fingerprint: Fingerprint of the step, so that an answer is about what was looked at.
        since: Time since which it waits, UTC in ISO 8601.
    """

    job: int
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


def waiting_gates(connection: sqlite3.Connection, job_id: int) -> list[WaitingGate]:
    """Return the gates that a job waits at, in the order of their keys."""
    return [
        WaitingGate(
            job_id, gate.key, json.loads(gate.request)["value"], gate.fingerprint, gate.started_at
        )
        for gate in gates_of(connection, job_id)
        if gate.state == WAITING
    ]


def gates_in(
    connection: sqlite3.Connection, batch: BatchRow, job: JobRow | None
) -> Iterator[WaitingGate]:
    """Yield the gates that a job waits at, or all jobs of a batch."""
    if job is not None:
        yield from waiting_gates(connection, job.id)
        return
    after = 0
    while page := jobs_at_gates(connection, batch.id, after):
        for job_id in page:
            yield from waiting_gates(connection, job_id)
        after = page[-1]


def only_gate(connection: sqlite3.Connection, job: JobRow, key: str = "") -> WaitingGate:
    """Return the gate of a key that a job waits at; without a key, the only one.

    Raises:
        NothingWaits: There is none, or several and no key.
    """
    found = waiting_gates(connection, job.id)
    named = [gate for gate in found if key in {"", gate.key}]
    if len(named) == 1:
        return named[0]
    keys = " and ".join(gate.key for gate in found)
    if named:
        raise NothingWaits(f"j{job.id} waits for approval of {keys}.", remedy="Name one of them.")
    what = quoted(key) if key else "anything"
    remedy = f"It waits for {keys}." if keys else ""
    raise NothingWaits(f"j{job.id} does not wait for approval of {what}.", remedy=remedy)
