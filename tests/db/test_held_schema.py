"""Migration 18: a store of before can hold results that wait for their files."""

from pathlib import Path

from db.queries.deletions import freed_files
from db.queries.upkeep import held_results, mentioned_hashes
from db.store import Store
from db.writes.held import forget_held, held_result, hold_result
from db.writes.records import Outcome
from tests.support.stores import make_older_store

HASH = "ab" * 32


def test_a_store_of_before_holds_results(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 18)
    older.execute(
        """INSERT INTO steps (id, batch_id, key, scope, name, fingerprint, state, operation,
           backend, model, request, started_at)
           VALUES (1, 1, 'k', '', 'k', 'f', 'running', 'o', 'b', 'm', '{}', 'now')"""
    )
    older.close()
    store = Store(path)
    reader = store.reader()
    assert held_results(reader) == 0
    outcome = Outcome("{}", artifacts=[{"hash": HASH, "role": "result"}], cost=7, headline=0.5)
    with store.intake() as write:
        write(lambda c: hold_result(c, 1, outcome))
        write(lambda c: hold_result(c, 1, outcome))
        write(lambda c: c.execute("INSERT INTO freed_files (hash) VALUES (?)", (HASH,)))
        held = write(lambda c: held_result(c, 1))
        assert (held.artifacts, held.cost, held.headline) == (outcome.artifacts, 7, 0.5)
        assert write(lambda c: held_result(c, 2)) is None
    assert held_results(reader) == 1
    assert HASH in list(mentioned_hashes(reader))
    assert freed_files(reader, 9) == ([], [HASH])  # a file that is waited for stays
    with store.intake() as write:
        write(lambda c: forget_held(c, 1))
    assert freed_files(reader, 9) == ([HASH], [])
