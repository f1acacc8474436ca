"""Migration 13: a store of before gains axes and settings of jobs."""

from pathlib import Path

from db.queries import jobs as queries
from db.queries.batches import batch_of
from db.store import Store
from db.writes.batches import NewJob, add_jobs, add_variant
from tests.support.stores import batch_row, make_older_store


def test_a_store_of_before_gains_axes_and_variants(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 13)
    older.execute(
        """INSERT INTO batches (id, name, recipe, recipe_version, seed, settings, snapshot, source,
           outputs, summary, created_at)
           VALUES (1, 'b', 'toy', '1', 1, '{}', '{}', '-', 'o', 'o/s', 'now')"""
    )
    older.execute(
        """INSERT INTO jobs (id, batch_id, position, key, state, seed, input, output, place,
           created_at) VALUES (1, 1, 1, 'old', 'queued', 1, '{}', 'o/old', 'o/old', 'now')"""
    )
    older.close()
    store = Store(path)
    with store.intake() as write:
        variant = write(lambda c: add_variant(c, 1, '{"a": 1}', '{"b": 2}'))
        cell = NewJob("new", "{}", 1, "o/new", "o/new", axes='{"seed": "1"}', variant=variant)
        write(lambda c: add_jobs(c, 1, [cell]))
    reader = store.reader()
    old, new = queries.all_jobs(reader, 1)
    assert (old.cell, old.variant) == ({}, None)
    assert new.cell == {"seed": "1"}
    batch = batch_row(reader, 1)
    assert batch_of(reader, batch, old.variant) is batch
    own = batch_of(reader, batch, new.variant)
    assert (own.settings, own.snapshot) == ('{"a": 1}', '{"b": 2}')
    reader.close()
