"""Migration 14: a store of before gains what was learned; its finished jobs are read later."""

from pathlib import Path

from db.queries import learned as queries
from db.store import Store
from db.writes import learned as writes
from db.writes.learned import NewEvidence
from tests.support.stores import make_older_store


def test_a_store_of_before_has_its_finished_jobs_to_learn_from(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 14)
    older.execute(
        """INSERT INTO batches (id, name, recipe, recipe_version, seed, settings, snapshot, source,
           outputs, summary, created_at)
           VALUES (1, 'b', 'refine', '1', 1, '{}', '{}', '-', 'o', 'o/s', 'now')"""
    )
    for number, state in enumerate(("done", "queued", "done"), 1):
        older.execute(
            """INSERT INTO jobs (id, batch_id, position, key, state, seed, input, output, place,
               created_at) VALUES (:n, 1, :n, :n, :s, 1, '{}', :n, :n, 'now')""",
            {"n": number, "s": state},
        )
    older.close()
    store = Store(path)
    reader = store.reader()
    assert [(name, job.id) for name, job in queries.jobs_to_learn(reader, 9)] == [
        ("refine", 1),
        ("refine", 3),
    ]
    shown = [NewEvidence("refine", "m", "8k", helped=False, gain=-1.0)] * 3
    with store.intake() as write:
        write(lambda c: writes.add_evidence(c, [1, 3], shown))
        write(lambda c: writes.add_evidence(c, [1, 3], shown))  # read already: adds nothing
    (row,) = queries.learned(reader)
    assert (row.tried, row.helped, row.gain, row.is_offered) == (3, 0, -3.0, True)
    assert queries.jobs_to_learn(reader, 9) == []
    assert queries.terms_to_avoid(reader, "refine", "m", 9) == ["8k"]
    assert queries.terms_to_avoid(reader, "refine", "another", 9) == []
    reader.close()
