"""Migration 9: a store of before gains what operators need, and keeps its decisions."""

from pathlib import Path

from db.queries.controls import is_paused
from db.queries.jobs import decision_rows
from db.schema import SCHEMA_VERSION
from db.store import Store
from tests.support.stores import make_older_store


def test_a_store_of_before_keeps_its_decisions(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 9)
    older.execute("PRAGMA foreign_keys = OFF")
    older.execute(
        """INSERT INTO decisions (job_id, key, value, author, created_at)
           VALUES (1, 'select', '2', 'operator', 'now')"""
    )
    older.execute(
        """INSERT INTO steps (batch_id, key, scope, name, fingerprint, state, operation,
           backend, model, request, started_at)
           VALUES (1, 'a', '', 'a', 'f', 'done', 'o', 'b', 'm', '{}', 'now')"""
    )
    older.execute("INSERT INTO lineage VALUES (2, 1, NULL, 'b1/a', NULL)")
    older.close()
    reader = Store(path).reader()
    assert reader.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    (decision,) = decision_rows(reader, 1)
    assert (decision.key, decision.undone_at) == ("select", None)
    assert reader.execute("SELECT inherited FROM steps").fetchone()[0] == 0
    assert reader.execute("SELECT branch FROM lineage").fetchone()[0] is None
    assert not is_paused(reader)
    reader.close()
