"""Migration 16: totals of a store of before, and totals that never go down."""

from pathlib import Path

from db.store import Store
from tests.support.stores import make_older_store

BATCH = """INSERT INTO batches (id, name, recipe, recipe_version, seed, settings, snapshot, source,
           outputs, summary, created_at)
           VALUES (1, 'b', 'refine', '1', 1, '{}', '{}', '-', 'o', 'o/s', 'now')"""
JOB = """INSERT INTO jobs (id, batch_id, position, key, state, seed, input, output, place,
         created_at) VALUES (1, 1, 1, 'k', 'done', 1, '{}', 'o', 'o', 'now')"""
STEP = """INSERT INTO steps (batch_id, job_id, key, scope, name, fingerprint, state, operation,
          backend, model, request, attempts, cost, started_at, finished_at)
          VALUES (1, 1, ?, '', 'n', ?, ?, 'generate', 'fal', 'flux', '{}', ?, ?,
          '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:02.000000Z')"""
CALL = """INSERT INTO api_calls (batch_id, job_id, step_id, backend, model, purpose, attempt,
          status, cost, tokens_in, started_at, finished_at)
          VALUES (1, 1, 1, 'fal', 'flux', 'n', 1, ?, ?, ?, 'now', 'now')"""


def test_the_totals_of_a_store_of_before_are_those_of_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 16)
    older.execute(BATCH)
    older.execute(JOB)
    steps = (("done", 1, 500), ("done", 3, 700), ("failed", 2, 0), ("open", 1, 0), ("done", 0, 0))
    for number, (state, attempts, cost) in enumerate(steps):
        older.execute(STEP, (f"k{number}", f"f{number}", state, attempts, cost))
    older.execute(CALL, ("done", 500, 100))
    older.execute(CALL, ("retryable", 20, None))
    older.close()
    reader = Store(path).reader()
    totals = {
        (row["outcome"], row["bucket"]): (row["count"], round(row["seconds"], 3))
        for row in reader.execute("SELECT * FROM step_totals")
    }
    assert totals == {
        ("done", 6): (1, 2.0),  # at the first attempt: more than 1.28 s, at most 2.56 s
        ("done", -1): (1, 0.0),
        ("failed", -1): (1, 0.0),
        ("reused", -1): (1, 0.0),
    }
    assert [tuple(row)[:3] for row in reader.execute("SELECT * FROM cost_totals")] == [
        ("fal", "flux", 1200)
    ]
    tokens = reader.execute("SELECT type, bucket, count, tokens FROM token_totals").fetchall()
    assert [tuple(row) for row in tokens] == [("input", 4, 1, 100)]
    faults = reader.execute("SELECT fault, attempts, cost FROM fault_totals").fetchall()
    assert [tuple(row) for row in faults] == [("retryable", 1, 20)]
    reader.close()
