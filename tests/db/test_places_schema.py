"""Migration 19: steps of before have no lane and no device; those of now have."""

from pathlib import Path

from db.store import Store
from db.writes import steps as writes
from db.writes.records import Outcome
from tests.support.stores import add_batch, intent, make_older_store


def test_steps_of_before_have_neither_lane_nor_device(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 19)
    older.execute(
        """INSERT INTO steps (batch_id, key, scope, name, fingerprint, state, operation, backend,
           model, request, started_at) VALUES (9, 'k', '', 'n', 'f', 'done', 'o', 'b', 'm', '{}',
           'now')"""
    )
    older.close()
    store = Store(path)
    batch = add_batch(store, ["one"])
    row = intent(batch, 1)
    waited = writes.Waited(1.5, "account")
    with store.intake() as write:
        step = write(lambda c: writes.begin_step(c, row, waited=waited))
        write(lambda c: writes.finish_step(c, step, row, Outcome("{}", device="box/cuda:0")))
    reader = store.reader()
    rows = reader.execute("SELECT waited, lane, device FROM steps ORDER BY id").fetchall()
    assert [tuple(one) for one in rows] == [(None, None, None), (1.5, "account", "box/cuda:0")]
    reader.close()
