"""Lineage: stores of before gain its table, and a job's row goes with the job."""

from pathlib import Path

from db.queries import lineage
from db.schema import SCHEMA_VERSION
from db.store import Store
from db.writes.batches import NewBatch, NewJob, NewOrigin, add_jobs, create_batch
from tests.support.stores import make_older_store


def _queue(store: Store, name: str, origin: NewOrigin | None = None) -> int:
    with store.intake() as write:
        batch = NewBatch(name, "toy", "1", 1, "{}", "{}", "o", f"s-{name}")
        batch_id = write(lambda c: create_batch(c, batch))
        job = NewJob("a", "{}", 1, f"o/{name}", f"o/{name}", origin=origin)
        write(lambda c: add_jobs(c, batch_id, [job]))
    return batch_id


def test_a_store_of_before_gains_lineage(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 7)
    older.close()
    store = Store(path)
    _queue(store, "old")
    reader = store.reader()
    assert reader.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert lineage.origin_of(reader, 1) is None
    reader.close()
    _queue(store, "new", NewOrigin(1, None, "b1/a", None))
    reader = store.reader()
    origin = lineage.origin_of(reader, 2)
    assert origin is not None
    assert (origin.source_job_id, origin.source, origin.step_key) == (1, "b1/a", None)
    assert [one.job_id for one in lineage.sent_from(reader, 1)] == [2]
    reader.close()
    assert store.check() == []


def test_a_job_takes_its_lineage_with_it(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "safelight.db", created_by="test")
    _queue(store, "one")
    _queue(store, "two", NewOrigin(1, None, "b1/a", "a" * 64))
    with store.intake() as write:
        write(lambda c: c.execute("DELETE FROM jobs WHERE id = 2"))
    reader = store.reader()
    assert reader.execute("SELECT count(*) FROM lineage").fetchone()[0] == 0
    reader.close()
