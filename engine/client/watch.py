"""Following a batch in the store, whichever process runs it."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from db.queries import batches as batch_queries
from db.queries import history
from db.rows import BatchRow, EventRow, JobRow, ProgressRow
from db.store import Store

POLL_SECONDS = 0.1
EVENTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class BatchUpdate:
    """The state of a batch at one moment.

    Attributes:
        batch: The batch.
        events: What happened since the update before, oldest first.
        running: The jobs that run now, at most 50.
        progress: How far their steps are, by job.
        best: The best headline score so far.
    """

    batch: BatchRow
    events: tuple[EventRow, ...]
    running: tuple[JobRow, ...]
    progress: dict[int, ProgressRow]
    best: float | None


async def watch_batch(
    store: Store, batch_id: int, on_update: Callable[[BatchUpdate], None], ended: asyncio.Event
) -> None:
    """Call `on_update` whenever the store has changed, until `ended` is set, and once then."""
    connection = store.reader()
    try:
        seen, version = 0, -1
        while True:
            last = ended.is_set()
            current = history.data_version(connection)
            if current != version or last:
                version = current
                update = read_update(connection, batch_id, seen)
                if update is None:
                    return
                seen = update.events[-1].id if update.events else seen
                on_update(update)
            if last:
                return
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await ended.wait()
            except TimeoutError:
                continue
    finally:
        connection.close()


_RUNNING = "SELECT * FROM jobs WHERE batch_id = ? AND state = 'running' ORDER BY position LIMIT 50"


def read_update(connection: sqlite3.Connection, batch_id: int, after: int) -> BatchUpdate | None:
    """Return the state of a batch now; None if it is gone."""
    batch = batch_queries.batch(connection, batch_id)
    if batch is None:
        return None
    running = tuple(JobRow.of(row) for row in connection.execute(_RUNNING, (batch_id,)))
    sql = "SELECT * FROM progress WHERE batch_id = ?"
    progress = {row["job_id"]: ProgressRow.of(row) for row in connection.execute(sql, (batch_id,))}
    return BatchUpdate(
        batch=batch,
        events=tuple(
            history.events_after(connection, after, batch_id=batch_id, limit=EVENTS_AT_ONCE)
        ),
        running=running,
        progress=progress,
        best=batch_queries.best_score(connection, batch_id),
    )
