"""Counters, states of a batch, and the indexes that queries stand on."""

import itertools
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database, Migrations

from db.migrations import (
    m0001_first_light,
    m0002_sets_and_hosts,
    m0003_one_count,
    m0004_counted_work,
    m0005_kinds,
)
from db.queries import batches, history, jobs
from db.rows import ScoreRow
from db.schema import JOB_STATES, SCHEMA_VERSION
from db.store import Store
from db.writes import batches as batch_writes
from db.writes import jobs as job_writes
from tests.support.effort import scaled
from tests.support.stores import add_batch, batch_row, make_store, new_job

QUICK = settings(
    max_examples=scaled(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def recount(connection: sqlite3.Connection, batch_id: int) -> dict[str, int]:
    sql = "SELECT state, count(*) FROM jobs WHERE batch_id = ? GROUP BY state"
    return dict(connection.execute(sql, (batch_id,)).fetchall())


moves = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(1, 12), st.sampled_from(JOB_STATES)),
        st.tuples(st.just("claim"), st.integers(1, 4), st.just("")),
        st.tuples(st.just("retry"), st.integers(1, 12), st.just("")),
        st.tuples(st.just("recover"), st.just(0), st.just("")),
        st.tuples(st.just("remove"), st.integers(1, 12), st.just("")),
        st.tuples(st.just("append"), st.integers(1, 3), st.just("")),
    ),
    max_size=40,
)


@QUICK
@given(moves=moves)
def test_counters_are_what_a_recount_gives(
    moves: list[tuple[str, int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = make_store(tmp_path_factory.mktemp("counters"))
    one, two = add_batch(store, ["a", "b", "c", "d"]), add_batch(store, ["e", "f", "g"], name="two")
    names = (f"more-{n}" for n in itertools.count())
    with store.alone() as write:
        write(partial(_move_all, moves, one, names))
    reader = store.reader()
    for batch_id in (one, two):
        assert batch_row(reader, batch_id).jobs == recount(reader, batch_id)
    reader.close()
    assert store.check() == []


def _move_all(
    moves: list[tuple[str, int, str]],
    batch_id: int,
    names: "Iterator[str]",
    connection: sqlite3.Connection,
) -> None:
    for move in moves:
        _move(connection, *move, batch_id, names)


def _move(
    connection: sqlite3.Connection,
    what: str,
    number: int,
    state: str,
    batch_id: int,
    names: "Iterator[str]",
) -> None:
    if what == "set":
        connection.execute("UPDATE jobs SET state = ? WHERE id = ?", (state, number))
    elif what == "claim":
        job_writes.claim_jobs(connection, number)
    elif what == "retry":
        job_writes.retry_jobs(
            connection, job_writes.jobs_to_move(connection, None, number, ("failed", "parked"))
        )
    elif what == "recover":
        job_writes.recover_jobs(connection)
    elif what == "remove":
        connection.execute("DELETE FROM jobs WHERE id = ?", (number,))
    else:
        more = [new_job(batch_id, next(names)) for _ in range(number)]
        batch_writes.add_jobs(connection, batch_id, more)


def stated(preparing: bool, held: bool, finish: str, counts: dict[str, int]) -> str:
    """The rule of the architecture, written a second time: the first that applies."""
    waiting = counts["running"] + counts["queued"] + counts["parked"]
    if preparing:
        return "preparing"
    if (held and waiting) or (counts["paused"] and not waiting):
        return "paused"
    if counts["running"]:
        return "running"
    if counts["parked"] and not counts["queued"]:
        return "parked"
    if counts["queued"]:
        return "queued"
    if finish in {"pending", "running"}:
        return "running"
    if counts["failed"] or finish == "failed":
        return "done_with_failures"
    return "cancelled" if counts["cancelled"] else "done"


def test_the_state_of_a_batch_follows_the_rule(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a"])
    connection = sqlite3.connect(store.path)
    finishes = ("pending", "running", "done", "failed")
    for preparing, held, finish in itertools.product((0, 1), (0, 1), finishes):
        for present in itertools.product((0, 2), repeat=len(JOB_STATES)):
            counts = dict(zip(JOB_STATES, present, strict=True))
            sets = ", ".join(f"{state} = {count}" for state, count in counts.items())
            found = connection.execute(
                f"UPDATE batches SET preparing = ?, held = ?, finish = ?, {sets} WHERE id = ?"
                " RETURNING state",
                (preparing, held, finish, batch_id),
            ).fetchone()[0]
            assert found == stated(bool(preparing), bool(held), finish, counts)
    connection.close()


def test_a_batch_that_was_held_as_its_last_job_ended_is_done(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a"])
    with store.alone() as write:
        (job,) = write(lambda c: job_writes.claim_jobs(c, 1))
        write(lambda c: batch_writes.hold_batch(c, batch_id, held=True))
        write(lambda c: job_writes.end_job(c, job, "done", result="{}"))
        reader = store.reader()
        assert batches.work_left(reader)  # its finish
        assert write(lambda c: batch_writes.begin_finish(c, batch_id))
        write(lambda c: batch_writes.end_finish(c, batch_id, None))
        assert batch_row(reader, batch_id).state == "done"
        assert not batches.work_left(reader)
        reader.close()


def plan(store: Store, sql: str, values: tuple[object, ...] = ()) -> str:
    connection = sqlite3.connect(store.path)
    try:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        return "\n".join(str(row[3]) for row in rows)
    finally:
        connection.close()


class Recorded:
    """A connection that notes each statement, so that plans are those of the real queries."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.seen: list[str] = []
        connection.set_trace_callback(self.seen.append)


QUERIES = {
    "claim": lambda c: job_writes.claim_jobs(c, 4),
    "recovery": job_writes.recover_jobs,
    "release": lambda c: job_writes.release_parked(c, "toy"),
    "move": lambda c: job_writes.jobs_to_move(c, 1, None, ("failed", "parked")),
    "page": lambda c: jobs.jobs_page(c, 1, after=10),
    "page of a state": lambda c: jobs.jobs_page(c, 1, after=10, state="failed"),
    "place": lambda c: jobs.place_taken(c, "outputs/results/x"),
    "job by key": lambda c: jobs.job_by_key(c, 1, "a"),
    "steps": lambda c: jobs.steps(c, 1),
    "artifacts": lambda c: jobs.artifacts(c, 1),
    "scores": lambda c: jobs.scores(c, 1),
    "critiques": lambda c: jobs.critiques(c, 1),
    "prompts": lambda c: jobs.prompts(c, 1),
    "errors": lambda c: jobs.errors(c, 1),
    "calls": lambda c: jobs.api_calls(c, 1),
    "progress": lambda c: jobs.progress(c, 1),
    "decisions": lambda c: jobs.decisions(c, [1]),
    "error messages": lambda c: jobs.error_messages(c, 1),
    "best score": lambda c: batches.best_score(c, 1),
    "events": lambda c: history.events_after(c, 5),
    "events of a job": lambda c: history.events_after(c, 5, job_id=1),
    "events of a batch": lambda c: history.events_after(c, 5, batch_id=1),
    "named": lambda c: history.is_named(c, "ab"),
    "pending commands": batches.pending_commands,
    "finish": batches.batches_to_finish,
    "can claim": batches.can_claim,
    "work left": batches.work_left,
}
BIG = ("jobs", "steps", "artifacts", "scores", "critiques", "prompts", "events", "api_calls")


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_walks_a_big_table(name: str, tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a", "b"])
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    recorded = Recorded(connection)
    QUERIES[name](connection)
    connection.set_trace_callback(None)
    kinds = ("SELECT", "UPDATE", "DELETE")
    statements = [sql for sql in recorded.seen if sql.lstrip().startswith(kinds)]
    assert statements
    for sql in statements:
        for line in plan(store, sql).splitlines():
            walked = line.startswith("SCAN") and "INDEX" not in line
            assert not (walked and line.split()[1] in (*BIG, "j", "s", "e", "a")), (sql, line)
    connection.close()


def test_running_and_parked_jobs_are_found_by_partial_indexes(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    assert "jobs_running" in plan(store, "UPDATE jobs SET state = 'queued' WHERE state = 'running'")
    parked = "SELECT id FROM jobs WHERE state = 'parked' AND lane = ? LIMIT 1"
    assert "jobs_parked" in plan(store, parked, ("toy",))
    runnable = (
        "SELECT id FROM jobs WHERE batch_id = ? AND state = 'queued' "
        "ORDER BY priority DESC, position LIMIT 4"
    )
    found = plan(store, runnable, (1,))
    assert "jobs_runnable" in found
    assert "TEMP B-TREE" not in found


def test_a_store_of_the_first_release_gains_what_came_later(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    database = Database(path)
    m0001_first_light.apply(database)
    collected = Migrations("safelight")
    collected(name="0001_first_light")(lambda _db: None)
    collected.apply(database)  # notes it as applied
    with database.conn:
        database.execute(
            "INSERT INTO scores (step_id, metric, value, scorer) VALUES (1, 'a', 2, 'b')"
        )
        database.execute(
            """INSERT INTO steps (batch_id, key, scope, name, fingerprint, state, operation,
               backend, model, request, started_at)
               VALUES (1, 'a', '', 'a', 'f', 'submitted', 'o', 'fal', 'm', '{}', 'now')"""
        )
        database.execute(
            """INSERT INTO steps (batch_id, key, scope, name, fingerprint, state, operation,
               backend, model, request, started_at, cost)
               VALUES (1, 'b', '', 'b', 'f', 'done', 'o', 'fal', 'm', '{}', 'now', 500)"""
        )
    database.execute("PRAGMA user_version = 1")
    database.close()
    path.chmod(0o600)
    store = Store(path)
    reader = store.reader()
    score = ScoreRow.of(reader.execute("SELECT * FROM scores").fetchone())
    assert (score.metric, score.value, score.image) == ("a", 2.0, None)
    assert reader.execute("SELECT count(*) FROM hosts").fetchone()[0] == 0
    charged = reader.execute("SELECT state, charged FROM steps ORDER BY id").fetchall()
    assert [tuple(row) for row in charged] == [("submitted", 0), ("done", 1)]
    assert reader.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    reader.close()
    assert path.with_name("safelight-schema-1.db").exists()


def test_batches_of_earlier_stores_keep_their_state_and_have_no_steps_of_their_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "safelight.db"
    database = Database(path)
    collected = Migrations("safelight")
    for module in (m0001_first_light, m0002_sets_and_hosts, m0003_one_count, m0004_counted_work):
        collected(name=module.__name__.rpartition(".m")[2])(module.apply)
    collected(name="0005_kinds")(m0005_kinds.apply)
    collected.apply(database)
    made = [("waits", 3, 0, 0, "pending"), ("ended", 0, 2, 0, "done"), ("odd", 0, 1, 1, "done")]
    with database.conn:
        for name, queued, done, failed, finish in made:
            database.execute(
                """INSERT INTO batches (name, recipe, recipe_version, seed, settings, snapshot,
                   outputs, summary, preparing, queued, done, failed, finish, created_at)
                   VALUES (?, 'r', '1', 1, '{}', '{}', '', '', 0, ?, ?, ?, ?, 'now')""",
                (name, queued, done, failed, finish),
            )
    before = [row[0] for row in database.execute("SELECT state FROM batches ORDER BY id")]
    database.execute("PRAGMA user_version = 5")
    database.close()
    path.chmod(0o600)
    reader = Store(path).reader()
    rows = [batches.batch(reader, number) for number in (1, 2, 3)]
    reader.close()
    assert [row.state for row in rows if row] == before == ["queued", "done", "done_with_failures"]
    assert {(row.start, row.before_result, row.checkpoints) for row in rows if row} == {
        ("done", None, 0)
    }
