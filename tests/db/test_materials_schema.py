"""Migration 17: a store of before gains materials of batches; its steps have none."""

from pathlib import Path

from db.queries.makers import maker_of
from db.store import Store
from tests.support.stores import make_older_store

AT = "2026-01-01T00:00:00.000000Z"
HASH = "ab" * 32


def test_a_store_of_before_knows_makers_and_no_materials(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 17)
    older.execute(
        """INSERT INTO batches (name, recipe, recipe_version, seed, settings, snapshot, outputs,
           summary, created_at) VALUES ('b', 'r', '1', 1, '{}', '{"safelight": "1"}', '', '', ?)""",
        (AT,),
    )
    older.execute(
        """INSERT INTO steps (batch_id, key, scope, name, fingerprint, state, operation, backend,
           model, request, result, started_at) VALUES (1, 'k', '', 'k', 'f', 'done', 'o', 'x', 'm',
           '{}', '{"seed": 7}', ?)""",
        (AT,),
    )
    older.execute(
        """INSERT INTO artifacts (batch_id, step_id, role, hash, media_type, size, created_at)
           VALUES (1, 1, 'image', ?, 'image/png', 3, ?)""",
        (HASH, AT),
    )
    older.commit()
    older.close()
    reader = Store(path).reader()
    maker = maker_of(reader, HASH)
    assert maker is not None
    assert (maker.key, maker.seed, maker.materials) == ("k", 7, None)
    assert maker_of(reader, "cd" * 32) is None
    reader.close()
