"""Queries for faults of steps: what they have cost, and what came of them."""

import sqlite3
from dataclasses import dataclass

from db.rows import Row


@dataclass(frozen=True, slots=True)
class FaultLine(Row):
    """Faults of one class at one model.

    Attributes:
        fault: Class of the fault, of `db.writes.faults.FAULTS`.
        attempts: Attempts that ended with it.
        failed: Attempts after which the step had failed.
        again: Calls of unknown outcome that were repeated.
        cost: Micro-dollars that these attempts have cost.
        presumed: Micro-dollars that they are presumed to have cost.
    """

    backend: str
    model: str
    fault: str
    attempts: int
    failed: int
    again: int
    cost: int
    presumed: int


@dataclass(frozen=True, slots=True)
class Recovery(Row):
    """Steps that were done after several tries, or jobs that were done in spite of faults.

    Attributes:
        what: `step` or `job`.
        backend: The backend; empty for jobs.
        model: The model; empty for jobs.
        tries: Number of tries; 0 for jobs.
        count: Number of steps or jobs.
    """

    what: str
    backend: str
    model: str
    tries: int
    count: int


def faults(connection: sqlite3.Connection, batch_id: int | None = None) -> list[FaultLine]:
    """Return the faults of a batch, or of the workspace with deleted batches; costly ones first."""
    where, values = _of(batch_id)
    sql = f"""SELECT backend, model, fault, sum(attempts) AS attempts, sum(failed) AS failed,
              sum(again) AS again, sum(cost) AS cost, sum(presumed) AS presumed
              FROM fault_totals {where} GROUP BY 1, 2, 3
              ORDER BY sum(cost + presumed) DESC, 4 DESC, 1, 2, 3"""  # noqa: S608 - fixed conditions
    return [FaultLine.of(row) for row in connection.execute(sql, values)]


def recoveries(connection: sqlite3.Connection, batch_id: int | None = None) -> list[Recovery]:
    """Return what recovered, of a batch or of the workspace with deleted batches."""
    where, values = _of(batch_id)
    sql = f"""SELECT what, backend, model, tries, sum(count) AS count FROM recovery_totals {where}
              GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""  # noqa: S608 - fixed conditions
    return [Recovery.of(row) for row in connection.execute(sql, values)]


def open_unknown(
    connection: sqlite3.Connection, batch_id: int | None = None
) -> dict[tuple[str, str], int]:
    """Return the number of calls whose unknown outcome is open, by backend and model.

    Those of cancelled jobs are not: nobody decides about them any more.
    """
    where, values = ("", ()) if batch_id is None else ("AND s.batch_id = ?", (batch_id,))
    sql = f"""SELECT s.backend, s.model, count(*) FROM steps s LEFT JOIN jobs j ON j.id = s.job_id
              WHERE s.state = 'unknown' AND s.superseded_at IS NULL
              AND coalesce(j.state, '') NOT IN ('cancelled', 'done') {where}
              GROUP BY 1, 2"""  # noqa: S608 - fixed conditions
    return {(row[0], row[1]): row[2] for row in connection.execute(sql, values)}


def _of(batch_id: int | None) -> tuple[str, tuple[int, ...]]:
    return ("", ()) if batch_id is None else ("WHERE batch_id = ?", (batch_id,))
