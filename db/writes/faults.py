"""Faults of steps, counted as they happen: what they cost, and what comes of them.

Sums are by batch, backend, model and class of the fault; they stay when their rows are removed.
"""

import sqlite3
from dataclasses import dataclass

FAULTS = (
    "retryable",
    "limit",
    "overload",
    "unknown",
    "blocked",
    "permanent",
    "bug",
    "lost-engine",
)
"""Classes of faults: `limit` and `overload` are retryable, of an account and of a provider."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One attempt at a step that did not bring a result.

    Attributes:
        kind: Its class, of `FAULTS`.
        cost: Micro-dollars that the attempt has cost.
        presumed: Micro-dollars that it is presumed to have cost.
        failed: True if the step has failed with it.
        again: True if its outcome is unknown and the call is repeated.
    """

    kind: str
    cost: int = 0
    presumed: int = 0
    failed: bool = False
    again: bool = False


def count_fault(connection: sqlite3.Connection, step_id: int, fault: Fault) -> None:
    """Add a fault to the sums, to its step and to its job."""
    connection.execute(
        """INSERT INTO fault_totals (batch_id, backend, model, fault, attempts, failed, again, cost,
             presumed, first_step)
           SELECT batch_id, backend, model, :kind, 1, :failed, :again, :cost, :presumed, id
           FROM steps WHERE id = :step
           ON CONFLICT DO UPDATE SET attempts = attempts + 1, failed = failed + excluded.failed,
             again = again + excluded.again, cost = cost + excluded.cost,
             presumed = presumed + excluded.presumed""",
        {
            "kind": fault.kind,
            "failed": int(fault.failed),
            "again": int(fault.again),
            "cost": fault.cost,
            "presumed": fault.presumed,
            "step": step_id,
        },
    )
    connection.execute("UPDATE steps SET faults = faults + 1 WHERE id = ?", (step_id,))
    connection.execute(
        "UPDATE jobs SET faults = faults + 1 WHERE id = (SELECT job_id FROM steps WHERE id = ?)",
        (step_id,),
    )


def note_asked_again(connection: sqlite3.Connection, job_id: int) -> None:
    """Note that a job's calls of unknown outcome are repeated, before they are reopened."""
    connection.execute(
        """UPDATE fault_totals SET again = again + (
             SELECT count(*) FROM steps s WHERE s.job_id = :job AND s.state = 'unknown'
             AND s.superseded_at IS NULL AND s.backend = fault_totals.backend
             AND s.model = fault_totals.model)
           WHERE fault = 'unknown' AND batch_id = (SELECT batch_id FROM jobs WHERE id = :job)
           AND EXISTS (SELECT 1 FROM steps WHERE job_id = :job AND state = 'unknown')""",
        {"job": job_id},
    )


def keep_faults(connection: sqlite3.Connection, batch_id: int) -> None:
    """Add the sums of a batch that is being deleted to those of deleted batches."""
    connection.execute(
        """INSERT INTO fault_totals (batch_id, backend, model, fault, attempts, failed, again, cost,
             presumed, first_step)
           SELECT 0, backend, model, fault, attempts, failed, again, cost, presumed, first_step
           FROM fault_totals WHERE batch_id = ?
           ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts,
             failed = failed + excluded.failed, again = again + excluded.again,
             cost = cost + excluded.cost, presumed = presumed + excluded.presumed""",
        (batch_id,),
    )
    connection.execute(
        """INSERT INTO recovery_totals (batch_id, what, backend, model, tries, count)
           SELECT 0, what, backend, model, tries, count FROM recovery_totals WHERE batch_id = ?
           ON CONFLICT DO UPDATE SET count = count + excluded.count""",
        (batch_id,),
    )
    for table in ("fault_totals", "recovery_totals"):
        connection.execute(f"DELETE FROM {table} WHERE batch_id = ?", (batch_id,))  # noqa: S608
