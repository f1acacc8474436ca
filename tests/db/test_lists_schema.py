"""Migration 23: lists by time, jobs at gates, the best of a batch, and totals of ended jobs."""

import sqlite3
from contextlib import closing
from pathlib import Path

from db.queries import gates, lists
from db.queries.anchors import Anchors, page_of_ids
from db.queries.batches import best_score
from db.queries.digest import best_jobs
from db.store import Store
from tests.support.counted import check_totals
from tests.support.stores import add_batch, make_older_store, make_store

_JOB = """INSERT INTO jobs (id, batch_id, position, key, state, reason, seed, input, output, place,
          score, created_at, started_at, finished_at)
          VALUES (:n, 1, :n, :n, :state, :reason, 1, '{}', :n, :n, :score, 'now', :began, :ended)"""

_NOON = "2026-11-01T12:00:"


def _older(path: Path) -> None:
    """Four jobs that ended after 1, 9 and 5 seconds or never began, and two that wait."""
    jobs = [
        ("done", None, 5.0, f"{_NOON}00Z", f"{_NOON}01Z"),
        ("failed", None, 8.0, f"{_NOON}00Z", f"{_NOON}09Z"),
        ("done", None, 7.0, f"{_NOON}00Z", f"{_NOON}05Z"),
        ("cancelled", None, None, None, f"{_NOON}05Z"),
        ("parked", "approval", None, f"{_NOON}00Z", None),
        ("parked", "key", None, f"{_NOON}00Z", None),
    ]
    names = ("state", "reason", "score", "began", "ended")
    with closing(make_older_store(path, 23)) as older:
        older.execute("PRAGMA foreign_keys = OFF")
        for number, job in enumerate(jobs, 1):
            older.execute(_JOB, {"n": number, **dict(zip(names, job, strict=True))})


def _plan(connection: sqlite3.Connection, sql: str) -> str:
    return " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))


def test_a_store_of_before_lists_jobs_by_time(tmp_path: Path) -> None:
    _older(tmp_path / "safelight.db")
    with closing(Store(tmp_path / "safelight.db").reader()) as reader:
        ordered = lists.rows_by_time(1)
        for start in range(4):
            assert page_of_ids(reader, ordered, start, 9, 4) == [2, 3, 1, 4][start:]
        assert lists.ids_matching(reader, 1, order="time") == [2, 3, 1, 4, 5, 6]
        assert gates.jobs_at_gates(reader, 1) == [5]
        assert best_score(reader, 1) == 8.0
        assert best_score(reader, 1, higher_is_better=False) == 5.0
        assert best_jobs(reader, 1, 2) == [2, 3]
        assert best_score(reader, 2) is None


def test_a_page_by_time_is_searched_from_its_anchor(tmp_path: Path) -> None:
    _older(tmp_path / "safelight.db")
    with closing(Store(tmp_path / "safelight.db").reader()) as reader:
        anchors, statements = Anchors(), list[str]()
        anchors._indexes, anchors._rows = [1], [(-5.1 / 86400, 1)]
        reader.set_trace_callback(statements.append)
        assert page_of_ids(reader, lists.rows_by_time(1), 1, 1, 4, anchors) == [3]
        assert gates.jobs_at_gates(reader, 1, 4) == [5]
        reader.set_trace_callback(None)
        by_time, at_gates = (_plan(reader, sql) for sql in statements)
    assert "jobs_time (batch_id=? AND <expr>>?)" in by_time
    assert "jobs_at_gates (batch_id=? AND rowid>?)" in at_gates
    assert "TEMP B-TREE" not in by_time + at_gates


def test_totals_follow_a_job_that_ends_again(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a", "b", "c"])
    changes = (
        f"UPDATE jobs SET state = 'done', score = id, finished_at = '{_NOON}05Z'",
        "UPDATE jobs SET state = 'queued', finished_at = NULL WHERE id = 1",
        "UPDATE jobs SET score = 6 WHERE id = 1",
        f"UPDATE jobs SET state = 'done', finished_at = '{_NOON}30Z' WHERE id = 1",
        "UPDATE jobs SET score = NULL WHERE id = 3",
        f"UPDATE jobs SET score = 2, finished_at = '{_NOON}40Z' WHERE id = 3",
        "DELETE FROM jobs WHERE id = 2",
    )
    for change in changes:
        with store.intake() as write:
            write(lambda c, sql=change: c.execute(sql))
        with closing(store.reader()) as reader:
            check_totals(reader)
