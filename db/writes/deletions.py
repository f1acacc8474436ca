"""Deletion of a batch in slices, each a transaction; a lost process leaves the rest to the next.

What was spent stays: by day in `spending`, by model and purpose in `spent_on_deleted`.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from db.queries.spending import TRIES
from db.text import hashes_in
from db.writes.events import record_event
from db.writes.faults import keep_faults
from db.writes.spending import settle
from db.writes.webhooks import delete_webhooks_of


def delete_jobs(connection: sqlite3.Connection, batch_id: int, job_ids: Sequence[int]) -> None:
    """Delete jobs of a batch that is being deleted, with everything that belongs to them.

    Their files are noted as freed; whether another job names them is looked at before removal.
    """
    ids = json.dumps(list(job_ids))
    chosen = """SELECT j.id FROM jobs j JOIN batches b ON b.id = j.batch_id
                WHERE b.deleting AND b.id = :batch
                AND j.id IN (SELECT value FROM json_each(:ids))"""
    values = {"batch": batch_id, "ids": ids}
    _settle(connection, batch_id, f"job_id IN ({chosen})", values)
    _keep_spending(connection, f"job_id IN ({chosen})", values)
    _free(connection, f"job_id IN ({chosen})", values)
    for table in ("events", "progress"):
        connection.execute(f"DELETE FROM {table} WHERE job_id IN ({chosen})", values)  # noqa: S608
    connection.execute(f"DELETE FROM jobs WHERE id IN ({chosen})", values)  # noqa: S608


def delete_rest(connection: sqlite3.Connection, batch_id: int) -> bool:
    """Delete a batch that is being deleted and has no jobs left, with its own steps and events.

    Returns:
        False if it has jobs left or is not being deleted.
    """
    row = connection.execute(
        """SELECT name FROM batches b WHERE id = ? AND deleting
           AND NOT EXISTS (SELECT 1 FROM jobs WHERE batch_id = b.id)""",
        (batch_id,),
    ).fetchone()
    if row is None:
        return False
    of_batch, values = "batch_id = :batch AND job_id IS NULL", {"batch": batch_id}
    _settle(connection, batch_id, of_batch, values)
    _keep_spending(connection, of_batch, values)
    steps = f"step_id IN (SELECT id FROM steps WHERE {of_batch})"  # noqa: S608 - our of_batch words
    _note_freed(connection, f"SELECT hash FROM artifacts WHERE {steps}", values)  # noqa: S608
    connection.execute(f"DELETE FROM progress WHERE {steps}", values)  # noqa: S608
    for table in ("steps", "errors"):
        connection.execute(f"DELETE FROM {table} WHERE {of_batch}", values)  # noqa: S608
    connection.execute("DELETE FROM events WHERE batch_id = ?", (batch_id,))
    delete_webhooks_of(connection, batch_id)
    keep_faults(connection, batch_id)
    connection.execute("DELETE FROM batches WHERE id = ?", (batch_id,))
    record_event(connection, "batch.deleted", message=row[0], data={"batch": batch_id})
    return True


def _settle(
    connection: sqlite3.Connection, batch_id: int, where: str, values: Mapping[str, object]
) -> None:
    """Presume reservations as spent: the outcome of these calls will never be known."""
    sql = f"SELECT id FROM steps WHERE reserved > 0 AND {where}"  # noqa: S608 - our own words
    for (step_id,) in connection.execute(sql, values).fetchall():
        settle(connection, step_id, batch_id, uncertain=True)


def _keep_spending(
    connection: sqlite3.Connection, where: str, values: Mapping[str, object]
) -> None:
    """Add what steps have cost to the sums over deleted batches."""
    sums = f"""
        SELECT backend, model, name, count(*), sum({TRIES}), sum(cost), sum(kept_in), sum(kept_out)
        FROM steps WHERE {where} GROUP BY 1, 2, 3
        UNION ALL
        SELECT backend, model, purpose, 0, count(*), 0, sum(tokens_in), sum(tokens_out)
        FROM api_calls WHERE step_id IN (SELECT id FROM steps WHERE {where}) GROUP BY 1, 2, 3
    """  # noqa: S608 - our own words
    connection.execute(
        f"""INSERT INTO spent_on_deleted
            (backend, model, purpose, steps, calls, cost, tokens_in, tokens_out)
            SELECT * FROM ({sums}) WHERE true
            ON CONFLICT (backend, model, purpose) DO UPDATE SET
              steps = steps + excluded.steps, calls = calls + excluded.calls,
              cost = cost + excluded.cost,
              tokens_in = coalesce(tokens_in + excluded.tokens_in, tokens_in, excluded.tokens_in),
              tokens_out
                = coalesce(tokens_out + excluded.tokens_out, tokens_out, excluded.tokens_out)""",  # noqa: S608
        values,
    )


def _free(connection: sqlite3.Connection, where: str, values: Mapping[str, object]) -> None:
    """Note the files of jobs as freed: those of their steps, and those that their inputs name."""
    _note_freed(connection, f"SELECT hash FROM artifacts WHERE {where}", values)  # noqa: S608
    texts = f"""SELECT input FROM jobs WHERE instr(input, '"hash"')
                AND {where.replace("job_id", "id")}
                UNION ALL SELECT value FROM decisions WHERE instr(value, '"hash"') AND {where}"""  # noqa: S608
    named = {(hash_,) for (text,) in connection.execute(texts, values) for hash_ in hashes_in(text)}
    connection.executemany("INSERT OR IGNORE INTO freed_files (hash) VALUES (?)", named)


def _note_freed(connection: sqlite3.Connection, hashes: str, values: Mapping[str, object]) -> None:
    connection.execute(f"INSERT OR IGNORE INTO freed_files (hash) {hashes}", values)


def forget_freed(connection: sqlite3.Connection, hashes: Iterable[str]) -> None:
    """Forget freed files that are removed, or that something else names."""
    connection.executemany("DELETE FROM freed_files WHERE hash = ?", [(one,) for one in hashes])
