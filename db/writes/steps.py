"""Steps: the intent before a call, the provider's id as soon as it is known, the outcome."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from db.clock import now
from db.text import storable
from db.writes.errors import ErrorRecord, record_error
from db.writes.events import record_event
from db.writes.faults import Fault, count_fault
from db.writes.held import forget_held
from db.writes.records import Intent, Outcome, write_artifacts, write_calls, write_records
from db.writes.spending import Reservation, add_spending, reserve, settle

_BEGIN = f"""
INSERT INTO steps ({", ".join(Intent._fields)}, state, started_at, waited, lane)
VALUES ({", ".join("?" * len(Intent._fields))}, 'running', ?, ?, ?)
"""  # noqa: S608 - our own names


UNKNOWN = "StepUnknown"
"""Type of the error of a paid call that nobody knows the outcome of."""


class Waited(NamedTuple):
    """Wait of a step for its lane: seconds, and the lane's name."""

    seconds: float | None
    lane: str | None


NO_WAIT = Waited(None, None)


class StepRowListener(Protocol):
    """Callback with the id of a step's row, called when it is written, though not yet committed."""

    step_id: int


def begin_step(
    connection: sqlite3.Connection,
    intent: Intent,
    reservation: Reservation | None = None,
    begun: StepRowListener | None = None,
    waited: Waited | None = None,
) -> int:
    """Write the intent of a first call; return the step's id.

    Args:
        connection: An open transaction's connection.
        intent: The call to be sent.
        reservation: The amount to reserve for it.
        begun: Called with the id, for later writes by callers that do not wait.
        waited: Wait for its lane, if it had to.

    Raises:
        OverBudget: Its reservation exceeds a limit; nothing was written.
    """
    cursor = connection.execute(_BEGIN, (*intent, now(), *(waited or NO_WAIT)))
    step_id = int(cursor.lastrowid or 0)
    if reservation is not None:
        reserve(connection, step_id, intent.batch_id, reservation)
    if begun is not None:
        begun.step_id = step_id
    return step_id


def show_stages(connection: sqlite3.Connection, stages: Mapping[int, str]) -> None:
    """Record the current step of running jobs, by their ids; ended jobs are left alone."""
    connection.executemany(
        "UPDATE jobs SET stage = ? WHERE id = ? AND state = 'running'",
        [(stage, job_id) for job_id, stage in stages.items()],
    )


def supersede_others(
    connection: sqlite3.Connection, batch_id: int, job_id: int | None, key: str, fingerprint: str
) -> None:
    """Mark other versions of a step as no longer current; they stay in the store."""
    connection.execute(
        """UPDATE steps SET superseded_at = ?
           WHERE batch_id = ? AND job_id IS ? AND key = ? AND fingerprint <> ?
           AND superseded_at IS NULL""",
        (now(), batch_id, job_id, key, fingerprint),
    )
    connection.execute(
        """UPDATE steps SET superseded_at = NULL
           WHERE batch_id = ? AND job_id IS ? AND key = ? AND fingerprint = ?""",
        (batch_id, job_id, key, fingerprint),
    )


def supersede_unused(
    connection: sqlite3.Connection, batch_id: int, job_id: int | None, keys: Iterable[str]
) -> None:
    """Mark steps that a finished run did not use as no longer current."""
    connection.executemany(
        """UPDATE steps SET superseded_at = ?
           WHERE batch_id = ? AND job_id IS ? AND key = ? AND superseded_at IS NULL""",
        [(now(), batch_id, job_id, key) for key in keys],
    )


def begin_again(
    connection: sqlite3.Connection,
    step_id: int,
    batch_id: int = 0,
    reservation: Reservation | None = None,
) -> None:
    """Write the intent of another attempt at a step that did not finish.

    Raises:
        OverBudget: Its reservation exceeds a limit; nothing was written.
    """
    row = connection.execute("SELECT state FROM steps WHERE id = ?", (step_id,)).fetchone()
    presumed = 0
    if reservation is not None:
        presumed = reserve(connection, step_id, batch_id, reservation)
    if row is not None and row[0] in {"running", "submitted"}:  # an engine was lost with the call
        count_fault(connection, step_id, Fault("lost-engine", presumed=presumed))
    connection.execute(
        """UPDATE steps SET state = 'running', attempts = attempts + 1, request_id = NULL,
           charged = 0, result = NULL, error_id = NULL, finished_at = NULL WHERE id = ?""",
        (step_id,),
    )


def submitted_step(connection: sqlite3.Connection, step_id: int, request_id: str) -> None:
    """Store the provider's id of a call, so that a later process can resume it."""
    connection.execute(
        "UPDATE steps SET state = 'submitted', request_id = ? WHERE id = ?", (request_id, step_id)
    )


def charge_step(
    connection: sqlite3.Connection,
    step_id: int,
    intent: Intent,
    cost: int,
    request_id: str | None = None,
) -> int:
    """Count the cost of work that a provider has finished, once per call; end its reservation.

    Args:
        connection: An open transaction's connection.
        step_id: The step.
        intent: The call.
        cost: Micro-dollars.
        request_id: The id to fetch the result by from now on; None if unchanged.

    Returns:
        Micro-dollars that were added: 0 if the work has been counted before.
    """
    if request_id is not None:
        submitted_step(connection, step_id, request_id)
    row = connection.execute("SELECT charged FROM steps WHERE id = ?", (step_id,)).fetchone()
    if not cost or row is None or row[0]:
        return 0
    connection.execute("UPDATE steps SET charged = 1 WHERE id = ?", (step_id,))
    settle(connection, step_id, intent.batch_id, uncertain=False)
    _charge(connection, step_id, intent, cost)
    return cost


def finish_step(
    connection: sqlite3.Connection, step_id: int, intent: Intent, outcome: Outcome
) -> None:
    """Write a step's result with all its parts.

    Raises:
        LookupError: There is no such step, so it cannot be marked as done.
    """
    at = now()
    cursor = connection.execute(
        """UPDATE steps SET state = 'done', result = ?, error_id = NULL, reserved = 0,
           finished_at = max(?, started_at)
           WHERE id = ? AND job_id IS ? AND key = ? AND fingerprint = ?""",
        (outcome.result, at, step_id, intent.job_id, intent.key, intent.fingerprint),
    )
    if not cursor.rowcount:
        raise LookupError(f"{intent.key} has no row in the store, so its result has no place.")
    if outcome.device:
        connection.execute("UPDATE steps SET device = ? WHERE id = ?", (outcome.device, step_id))
    _charge(connection, step_id, intent, outcome.cost)
    write_records(connection, step_id, intent, outcome, at)
    write_calls(connection, step_id, intent, outcome.calls)
    if outcome.had_progress:
        connection.execute("DELETE FROM progress WHERE step_id = ?", (step_id,))
    if outcome.was_held:
        forget_held(connection, step_id)
    _update_job(connection, intent, outcome)
    record_event(
        connection,
        "step.done",
        batch_id=intent.batch_id,
        job_id=intent.job_id,
        step_id=step_id,
        message=outcome.message or intent.key,
    )


def _update_job(connection: sqlite3.Connection, intent: Intent, outcome: Outcome) -> None:
    note_iteration(connection, intent.job_id, outcome.headline, outcome.iterations)


def note_iteration(
    connection: sqlite3.Connection, job_id: int | None, headline: float | None, iterations: int
) -> None:
    """Store a job's iteration and best headline score, if a step gives any."""
    if job_id is not None and (iterations or headline is not None):
        connection.execute(
            """UPDATE jobs SET iterations = max(iterations, ?), score = coalesce(?, score)
               WHERE id = ?""",
            (iterations, headline, job_id),
        )


def _charge(connection: sqlite3.Connection, step_id: int, intent: Intent, cost: int) -> None:
    """Add a cost to a step, its job and its batch."""
    if not cost:
        return
    for table, row_id in (
        ("steps", step_id),
        ("jobs", intent.job_id),
        ("batches", intent.batch_id),
    ):
        sql = f"UPDATE {table} SET cost = cost + ? WHERE id = ?"  # noqa: S608 - our own names
        connection.execute(sql, (cost, row_id))
    add_spending(connection, cost=cost)


def fail_step(
    connection: sqlite3.Connection,
    step_id: int,
    intent: Intent,
    error: ErrorRecord,
    state: str = "failed",
    *,
    request_id: str | None = None,
    cost: int = 0,
    calls: Sequence[Mapping[str, Any]] = (),
    artifacts: Sequence[Mapping[str, Any]] = (),
    uncertain: bool = False,
) -> int:
    """Write an outcome without a result: `failed` for good, `unknown`, or `open` again.

    Args:
        connection: An open transaction's connection.
        step_id: The step.
        intent: The call.
        error: The error.
        state: The state that the step takes.
        request_id: The provider's id if the next attempt resumes this call.
        cost: Cost of the call in spite of that, in micro-dollars.
        calls: Requests, as columns of `api_calls`.
        artifacts: Files stored in spite of that, a raw reply for example.
        uncertain: Whether the call's outcome is unknown.

    Returns:
        The id of the error's row.
    """
    known = _error_of_probe(connection, step_id, intent) if error.kind == "blocked" else None
    error_id = known or record_error(connection, error, intent.batch_id, intent.job_id, step_id)
    connection.execute(
        """UPDATE steps SET state = ?, error_id = ?, request_id = ?,
           finished_at = max(?, started_at) WHERE id = ?""",
        (state, error_id, request_id, now(), step_id),
    )
    write_calls(connection, step_id, intent, calls)
    write_artifacts(connection, step_id, intent, artifacts, now())
    presumed = 0
    if state != "unknown" and request_id is None:  # otherwise the reservation may still be spent
        presumed = settle(connection, step_id, intent.batch_id, uncertain=uncertain, cost=cost)
    connection.execute("DELETE FROM progress WHERE step_id = ?", (step_id,))
    _charge(connection, step_id, intent, cost)
    if known:
        return known
    kind = "unknown" if error.type == UNKNOWN or state == "unknown" else error.kind
    failed = state == "failed"
    count_fault(connection, step_id, Fault(kind, cost, presumed, failed=failed))
    record_event(
        connection,
        f"step.{state}",
        batch_id=intent.batch_id,
        job_id=intent.job_id,
        step_id=step_id,
        level="warning" if error.kind in {"retryable", "blocked"} else "error",
        message=f"{intent.key}: {error.message}",
    )
    return error_id


def _is_probe(connection: sqlite3.Connection, job_id: int | None) -> bool:
    """Return True if a job only tests a blocked lane; another refusal is not an event."""
    sql = "SELECT 1 FROM jobs WHERE id = ? AND state = 'running' AND lane IS NOT NULL"
    return connection.execute(sql, (job_id,)).fetchone() is not None


def _error_of_probe(connection: sqlite3.Connection, step_id: int, intent: Intent) -> int | None:
    """Return the error that blocked a step before, if its job only tests the lane."""
    if not _is_probe(connection, intent.job_id):
        return None
    sql = "SELECT max(id) FROM errors WHERE step_id = ? AND kind = 'blocked'"
    error_id: int | None = connection.execute(sql, (step_id,)).fetchone()[0]
    return error_id


@dataclass(frozen=True, slots=True)
class Retry:
    """A failed call that is retried.

    Attributes:
        message: One line with the reason and the time.
        wait_seconds: Seconds until the next attempt.
        open_again: Whether the provider certainly has not executed the call, so that nothing is
            unknown if the engine is lost during the wait.
        fault: Class of the fault, as in `Fault`.
        cost: Cost of the call in spite of that, in micro-dollars.
        calls: Requests, as columns of `api_calls`.
        uncertain: Whether the call's outcome is unknown.
    """

    message: str
    wait_seconds: float
    open_again: bool
    fault: str = "retryable"
    cost: int = 0
    calls: Sequence[Mapping[str, Any]] = ()
    uncertain: bool = False


def note_retry(connection: sqlite3.Connection, step_id: int, intent: Intent, retry: Retry) -> None:
    """Write that a call failed, and the time of its next attempt."""
    presumed = 0
    if retry.open_again:
        put_aside(connection, step_id)
        uncertain, cost = retry.uncertain, retry.cost
        presumed = settle(connection, step_id, intent.batch_id, uncertain=uncertain, cost=cost)
    write_calls(connection, step_id, intent, retry.calls)
    _charge(connection, step_id, intent, retry.cost)
    if _is_probe(connection, intent.job_id):
        return
    again = retry.fault == "unknown"
    count_fault(connection, step_id, Fault(retry.fault, retry.cost, presumed, again=again))
    record_event(
        connection,
        "step.retry",
        batch_id=intent.batch_id,
        job_id=intent.job_id,
        step_id=step_id,
        level="warning",
        message=retry.message,
        data={"wait_seconds": round(retry.wait_seconds, 3)},
    )


def put_aside(connection: sqlite3.Connection, step_id: int) -> None:
    """Record that a started step has no call in flight."""
    connection.execute(
        "UPDATE steps SET state = 'open', request_id = NULL WHERE id = ? AND state <> 'done'",
        (step_id,),
    )


def show_progress(
    connection: sqlite3.Connection,
    step_id: int,
    batch_id: int,
    job_id: int | None,
    fraction: float | None,
    message: str,
    preview: bytes | None = None,
) -> None:
    """Replace the displayed progress of a running step; a preview stays until the next one."""
    connection.execute(
        """INSERT INTO progress (step_id, batch_id, job_id, fraction, message, at, preview)
           SELECT ?, ?, ?, ?, ?, ?, ? WHERE EXISTS
             (SELECT 1 FROM steps WHERE id = ? AND state IN ('running', 'submitted'))
           ON CONFLICT (step_id) DO UPDATE SET fraction = excluded.fraction,
             message = excluded.message, at = excluded.at,
             preview = coalesce(excluded.preview, preview)""",
        (step_id, batch_id, job_id, fraction, storable(message), now(), preview, step_id),
    )
