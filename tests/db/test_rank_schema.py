"""Migration 10: a store of before gains the index of jobs by rank."""

from pathlib import Path

from db.queries import lists
from db.queries.anchors import page_of_ids
from db.store import Store
from tests.support.stores import make_older_store


def test_a_store_of_before_lists_failures_apart(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 10)
    older.execute("PRAGMA foreign_keys = OFF")
    for number, (state, score) in enumerate(
        [("done", 5.0), ("failed", 1.0), ("done", 2.0), ("queued", None)], 1
    ):
        older.execute(
            """INSERT INTO jobs (id, batch_id, position, key, state, seed, input, output,
               place, score, created_at)
               VALUES (:n, 1, :n, :n, :state, 1, '{}', :n, :n, :score, 'now')""",
            {"n": number, "state": state, "score": score},
        )
    older.close()
    reader = Store(path).reader()
    assert lists.count_scored(reader, 1) == 2
    low, high = (lists.rows_by_score(1, low_first=low_first) for low_first in (True, False))
    assert page_of_ids(reader, low, 0, 9, 2) == [3, 1]
    assert page_of_ids(reader, high, 0, 9, 2) == [1, 3]
    assert page_of_ids(reader, lists.rows_without_score(1), 0, 9, 1) == [4]
    reader.close()
