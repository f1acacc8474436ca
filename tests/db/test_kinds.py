"""Stores of the releases before: kinds of files and of results are filled in."""

from pathlib import Path

import pytest

from db.queries import jobs
from db.rows import ArtifactRow, StepRow
from db.schema import SCHEMA_VERSION
from db.store import Store
from tests.support.stores import make_older_store

STEPS = {
    "generate": "image",
    "evaluate": "critique",
    "refine": "prompt",
    "score": "scores",
    "compare": "similarity",
    "select": "data",
    "join": "image",
    "write_scenes": "data",
    "write_shot": "prompt",
    "review_shot": "critique",
    "somebody_elses": "data",
}


@pytest.fixture
def old(tmp_path: Path) -> Store:
    """A store of schema 4 with one job, a step of each operation and files of each sort."""
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 5)
    older.execute(
        """INSERT INTO batches (id, name, recipe, recipe_version, seed, settings, snapshot,
           outputs, summary, created_at) VALUES (1, 'b', 'refine', '1', 1, '{}', '{}', 'o',
           's', 'now')"""
    )
    older.execute(
        """INSERT INTO jobs (id, batch_id, position, key, seed, input, output, place,
           created_at) VALUES (1, 1, 1, 'a', 1, '{}', 'o/a', 'o/a', 'now')"""
    )
    for number, operation in enumerate(STEPS, start=1):
        older.execute(
            """INSERT INTO steps (id, batch_id, job_id, key, scope, name, fingerprint, state,
               operation, backend, model, request, result, started_at)
               VALUES (?, 1, 1, ?, 'iteration-1', ?, 'f', 'done', ?, 'b', 'm', '{}', '{}',
               'now')""",
            (number, f"iteration-1/{operation}", operation, operation),
        )
    for role, hash_, media_type in (
        ("raw-reply", "a" * 64, "application/octet-stream"),
        ("trace", "b" * 64, "application/json"),
        ("image", "c" * 64, "image/png"),
        ("image", "d" * 64, "image/webp"),
    ):
        older.execute(
            """INSERT INTO artifacts (batch_id, job_id, step_id, role, hash, media_type, size,
               created_at) VALUES (1, 1, 1, ?, ?, ?, 1, 'now')""",
            (role, hash_, media_type),
        )
    older.close()
    return Store(path)


def test_an_old_store_gains_kinds(old: Store) -> None:
    reader = old.reader()
    files = [ArtifactRow.of(row) for row in reader.execute("SELECT * FROM artifacts ORDER BY id")]
    assert [file.kind for file in files] == ["file", "trace", "image", "image"]
    assert {file.facts for file in files} == {"{}"}
    steps = [StepRow.of(row) for row in reader.execute("SELECT * FROM steps ORDER BY id")]
    assert {step.operation: step.kind for step in steps} == STEPS
    (turn,) = jobs.iterations(reader, 1)
    assert turn.artifact == "c" * 64
    assert reader.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    reader.close()
    assert old.path.with_name("safelight-schema-4.db").exists()
    assert old.check() == []
