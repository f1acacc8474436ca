"""Migration 22: a list by cost, approvals, and that no list reads all jobs or steps."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from db.queries import gates, lists, parked, queue, spending, upkeep
from db.queries.anchors import page_of_ids
from db.store import Store
from tests.support.stores import add_batch, make_older_store, make_store

_JOB = """INSERT INTO jobs (id, batch_id, position, key, state, seed, input, output, place, cost,
          created_at) VALUES (:n, 1, :n, :n, 'done', 1, '{}', :n, :n, :cost, 'now')"""


def test_a_store_of_before_lists_jobs_by_cost(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    with closing(make_older_store(path, 22)) as older:
        for number, cost in enumerate((5, 0, 7, 5, 0), 1):
            older.execute(_JOB, {"n": number, "cost": cost})
    with closing(Store(path).reader()) as reader:
        ordered = lists.rows_by_cost(1)
        assert lists.ids_matching(reader, 1, order="cost") == [3, 4, 1, 5, 2]
        for start in range(5):
            assert page_of_ids(reader, ordered, start, 9, 5) == [3, 4, 1, 5, 2][start:]


Reads = Callable[[sqlite3.Connection], object]

READS: dict[str, Reads] = {
    "jobs that wait for approval": gates.jobs_waiting,
    "batches that wait for approval": gates.batches_waiting,
    "gates that wait": lambda c: gates.count_waiting(c, [1], [1]),
    "by cost": lambda c: page_of_ids(c, lists.rows_by_cost(1), 1, 9, 9),
    "by score": lambda c: page_of_ids(c, lists.rows_by_score(1, low_first=False), 1, 9, 9),
    "by state": lambda c: page_of_ids(c, lists.rows_in_states(1, ["done", "failed"]), 1, 9, 9),
    "rated": lambda c: page_of_ids(c, lists.rows_of_rating(1, 3), 1, 9, 9),
    "in order": lambda c: lists.jobs_at(c, 1, 2, 9),
    "reasons": parked.parked_reasons,
    "reasons of the doctor": upkeep.parked_reasons,
    "running": lambda c: queue.running_ids(c, 9),
    "next": lambda c: queue.next_jobs(c, 9),
    "spending": spending.spending,
    "spending of a batch": lambda c: spending.spending(c, 1),
    "over time": spending.timeline,
}

_WHOLE = re.compile(
    r"SCAN (jobs|j|steps|s|api_calls|events)( USING (COVERING )?INDEX jobs_state)?$"
)


@pytest.mark.parametrize("name", READS)
def test_no_list_reads_all_rows(name: str, tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a", "b"])
    with closing(store.reader()) as reader:
        statements: list[str] = []
        reader.set_trace_callback(statements.append)
        READS[name](reader)
        reader.set_trace_callback(None)
        plans = [step for sql in statements for step in _plan(reader, sql)]
    assert plans
    assert [step for step in plans if _WHOLE.search(step)] == []


def _plan(connection: sqlite3.Connection, sql: str) -> list[Any]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
