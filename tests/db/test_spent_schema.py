"""Migration 20: totals of spending and over time, at any time those of the rows."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.connect import connect_writer
from db.migrations.m0020_spent import BUCKETS
from db.queries.spending import spending, timeline
from db.store import Store
from tests.support.counted import check_totals
from tests.support.effort import scaled
from tests.support.spending_life import OPERATIONS, Life
from tests.support.stores import add_batch, make_older_store, make_store

BATCH = """INSERT INTO batches (id, name, recipe, recipe_version, seed, settings, snapshot, source,
           outputs, summary, created_at) VALUES (?, 'b', 'toy', '1', 1, '{}', '{}', '-', 'o', 's',
           'now')"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two batches of some jobs."""
    store = make_store(tmp_path_factory.mktemp("spent"))
    add_batch(store, list("abcd"))
    add_batch(store, list("efg"), name="other")
    with store.alone():
        pass
    return store.path


@settings(max_examples=scaled(12))
@given(st.integers(0, 2**32))
def test_totals_are_those_of_the_rows(template: Path, seed: int) -> None:
    """Whatever happens, and whichever transactions a lost engine never commits."""
    path = template.with_name("life.db")
    shutil.copyfile(template, path)
    with closing(connect_writer(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        life = Life(connection, seed)
        for name in (*life.random.choices(OPERATIONS, k=80), *["delete"] * 3):
            connection.execute("BEGIN IMMEDIATE")
            getattr(life, name)()
            connection.execute("ROLLBACK" if life.random.random() < 0.1 else "COMMIT")
            check_totals(connection)
        connection.execute("PRAGMA journal_mode = DELETE")


def test_a_store_of_before_has_its_totals(template: Path, tmp_path: Path) -> None:
    """The rows of a whole life, brought into a store of the release before."""
    path = tmp_path / "older.db"
    older = make_older_store(path, 20)
    shutil.copyfile(template, tmp_path / "life.db")
    with closing(connect_writer(tmp_path / "life.db")) as connection:
        life = Life(connection, 5)
        for name in ("begin", "finish", "fail", "end", "pass_time", "remove_calls") * 20:
            getattr(life, name)()
    older.execute("ATTACH ? AS life", (str(tmp_path / "life.db"),))
    for table in ("batches", "jobs", "steps", "api_calls"):
        names = [row[1] for row in older.execute(f"PRAGMA table_info({table})")]
        columns = ", ".join(names)
        older.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM life.{table}")
    older.close()
    with closing(Store(path).reader()) as reader:
        check_totals(reader)
        of_batches = [line for batch in (1, 2) for line in spending(reader, batch)]
        assert sum(line.cost for line in spending(reader)) == sum(line.cost for line in of_batches)
        assert sum(line.steps for line in spending(reader)) == 20
        whole = timeline(reader)
        assert whole is not None
        assert sum(whole.cost) == sum(line.cost for line in of_batches) > 0


def test_a_long_batch_is_counted_in_few_buckets(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch = add_batch(store, [f"{n:05d}" for n in range(3 * BUCKETS)])
    with store.intake() as write:
        write(lambda c: c.execute("UPDATE batches SET started_at = '2026-11-01T00:00:00Z'"))
        write(lambda c: c.execute(
            """UPDATE jobs SET state = 'done', score = position, finished_at = strftime(
               '%Y-%m-%dT%H:%M:%SZ', '2026-11-01', (10 * position) || ' seconds')"""
        ))  # fmt: skip
    with closing(store.reader()) as reader:
        check_totals(reader)
        rows = reader.execute("SELECT count(*) FROM time_totals WHERE batch_id = ?", (batch,))
        assert BUCKETS // 2 < rows.fetchone()[0] <= BUCKETS
        figures = timeline(reader, batch, 3)
        assert figures is not None
        assert sum(figures.jobs) == 3 * BUCKETS
        assert all(abs(jobs - BUCKETS) < BUCKETS / 50 for jobs in figures.jobs)
        assert figures.scores[1] == pytest.approx(1.5 * BUCKETS, rel=0.05)


@pytest.mark.parametrize("score", [1e300, float("inf"), -1e15])
def test_a_score_beyond_all_bounds_spoils_no_sum(tmp_path: Path, score: float) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a", "b"])
    with store.intake() as write:
        for value in (score, 50.0):
            write(lambda c, v=value: c.execute(
                "UPDATE jobs SET score = ?, finished_at = '2026-11-01T00:00:00Z'", (v,)
            ))  # fmt: skip
    with closing(store.reader()) as reader:
        figures = timeline(reader, 1, 1)
        assert figures is not None
        assert (figures.jobs, figures.scores) == ((2,), (50.0,))
