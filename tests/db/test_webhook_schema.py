"""Migration 12: a store of before gains webhooks, and keeps its events."""

import contextlib
from pathlib import Path

from db.queries.history import events_after
from db.queries.webhooks import deliveries, webhooks
from db.schema import SCHEMA_VERSION
from db.store import Store
from db.writes.events import record_event
from db.writes.webhooks import add_webhook, end_webhook, prune_deliveries, retry_deliveries
from tests.support.stores import make_older_store


def test_a_store_of_before_has_no_webhook(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 12)
    older.execute(
        """INSERT INTO events (at, type, level, message, data)
           VALUES ('then', 'batch.done', 'info', '', '{}')"""
    )
    older.close()
    reader = Store(path).reader()
    assert reader.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert [event.type for event in events_after(reader, 0)] == ["batch.done"]
    assert (webhooks(reader), deliveries(reader)) == ([], [])
    reader.close()


def test_a_delivery_is_written_with_its_event_or_not_at_all(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "safelight.db", created_by="tests")

    def undone(connection):
        record_event(connection, "batch.done")
        raise KeyError

    with store.intake() as write:
        number = write(lambda c: add_webhook(c, None, "https://hooks.example", ["batch.finished"]))
        assert (
            write(lambda c: add_webhook(c, None, "https://hooks.example", ["batch.finished"]))
            == number
        )
        with contextlib.suppress(KeyError):
            write(undone)
        write(lambda c: record_event(c, "job.started"))
        write(lambda c: record_event(c, "batch.done"))
        reader = store.reader()
        [delivery] = deliveries(reader)
        assert delivery.event_id == events_after(reader, 0)[-1].id
        assert write(lambda c: retry_deliveries(c, [delivery.id])) == 1
        assert write(lambda c: end_webhook(c, number, "enough"))
        assert write(lambda c: retry_deliveries(c, None)) == 0
        assert [row.state for row in deliveries(reader)] == ["dropped"]
        assert write(lambda c: prune_deliveries(c, 0)) == 1
        reader.close()
