"""Stores for tests in a temporary folder, filled with rows by the real writes."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from db.queries.batches import batch as read_batch
from db.rows import BatchRow
from db.store import Store
from db.writes import batches as batch_writes
from db.writes.errors import ErrorRecord
from db.writes.records import Intent

NO_LUCK = ErrorRecord("permanent", "Permanent", "No luck.")


def make_store(folder: Path) -> Store:
    """An empty store."""
    return Store.create(folder / "private" / "safelight.db", created_by="tests")


def make_older_store(path: Path, before: int) -> sqlite3.Connection:
    """A store as it was before a migration, by its number; the connection writes to it."""
    from sqlite_utils import Database

    from db.schema import _STEPS, migrations

    database = Database(path)
    migrations().apply(database, stop_before=_STEPS[before - 1])
    database.execute(f"PRAGMA user_version = {before - 1}")
    database.close()
    path.chmod(0o600)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def add_batch(
    store: Store,
    keys: Sequence[str],
    *,
    name: str = "batch",
    priority: int = 0,
    in_flight: int | None = None,
    seal: bool = True,
) -> int:
    """A batch with one job a key."""
    batch = batch_writes.NewBatch(
        name=name,
        recipe="toy",
        recipe_version="1",
        seed=1,
        settings="{}",
        snapshot="{}",
        outputs="outputs/results",
        summary="outputs/results/batch_summary.json",
        priority=priority,
        in_flight=in_flight,
    )
    with store.intake() as write:
        batch_id = write(lambda c: batch_writes.create_batch(c, batch))
        jobs = [new_job(batch_id, key) for key in keys]
        write(lambda c: batch_writes.add_jobs(c, batch_id, jobs))
        if seal:
            write(lambda c: batch_writes.seal_batch(c, batch_id))
    return batch_id


def new_job(batch_id: int, key: str) -> batch_writes.NewJob:
    """A job of a batch, at a place of its own."""
    place = f"outputs/results/{batch_id}/{key}"
    return batch_writes.NewJob(key=key, input="{}", seed=1, output=place, place=place)


def intent(batch_id: int, job_id: int | None, key: str = "say", print_: str = "f") -> Intent:
    """Columns of a step's row."""
    return Intent(
        batch_id=batch_id,
        job_id=job_id,
        key=key,
        scope="",
        name=key,
        fingerprint=print_,
        operation="refine",
        backend="toy",
        model="toy-1",
        request="{}",
    )


def batch_row(connection: sqlite3.Connection, batch_id: int) -> BatchRow:
    """A batch that has to be there."""
    found = read_batch(connection, batch_id)
    assert found is not None
    return found
