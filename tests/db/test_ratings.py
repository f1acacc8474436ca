"""Ratings, marks of batches, the index of words, and the migration that brought them."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from db.queries import batches, lists
from db.queries.anchors import page_of_ids
from db.queries.ratings import present_ratings, ratings_of
from db.queries.search import Condition, Words, count_unindexed, search_texts
from db.rating import KEEP, REJECT, WORDS, ranks_of, rating_word
from db.schema import SCHEMA_VERSION
from db.store import Store
from db.writes import batch_marks
from db.writes import jobs as job_writes
from db.writes.batches import NewBatch, NewJob, add_jobs, create_batch, seal_batch
from db.writes.ratings import rate
from db.writes.records import Outcome
from db.writes.search import index_jobs
from db.writes.steps import begin_step, finish_step
from tests.support.stores import add_batch, batch_row, intent, make_older_store, make_store

HOSTILE = [
    "",
    " ",
    '"',
    '""',
    "fox OR",
    "NEAR(fox snow)",
    "prompt:fox",
    "fox*",
    "{key}: fox",
    "a AND NOT b",
    "(((",
    "-fox",
    "!",
    "-",
    "fox\x00snow",
    "\x1b[2J",
    "'; DROP TABLE jobs; --",
    "\ud800",
    "^fox + 1",
    "🦊",
    "x" * 100_000,
    "fox " * 25_000,
    '"' * 100_000,
]


def finish(store: Store, prompt: str = "A fox in the snow", critique: str = "too dark") -> int:
    """Run the next queued job to its end, with one step that leaves a prompt and a critique."""
    with store.alone() as write:
        (job,) = write(lambda c: job_writes.claim_jobs(c, 1))
        step = intent(job.batch_id, job.id, "iteration-1/say")._replace(scope="iteration-1")
        step_id = write(lambda c: begin_step(c, step))
        outcome = Outcome(
            "{}",
            prompts=[{"text": prompt, "negative": "", "author": "toy", "reason": "warmer light"}],
            critiques=[{"text": critique, "missing": ["harbour"], "measurements": {}}],
            headline=50.0,
        )
        write(lambda c: finish_step(c, step_id, step, outcome))
        write(lambda c: job_writes.end_job(c, job, "done", result="{}"))
    return job.id


def found(store: Store, text: str, **condition: object) -> list[int]:
    with store.alone() as write:
        while write(index_jobs):
            pass
    with closing(store.reader()) as reader:
        rows = search_texts(reader, Words.parse(text), Condition(**condition))  # type: ignore[arg-type]
        return [row.id for row in rows]


def test_a_rating_has_one_present_value_and_a_history(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a", "b"])
    with store.intake() as write:
        write(lambda c: rate(c, 1, "", 3, "soft", "operator"))
        write(lambda c: rate(c, 1, "", KEEP, "better", "operator"))
        write(lambda c: rate(c, 1, "iteration-2", REJECT, "", "operator"))
    with closing(store.reader()) as reader:
        present = present_ratings(reader, 1)
        assert {part: (row.value, row.note) for part, row in present.items()} == {
            "": (KEEP, "better"),
            "iteration-2": (REJECT, ""),
        }
        assert [row.value for row in ratings_of(reader, 1)] == [3, KEEP, REJECT]
        lines = lists.jobs_at(reader, 1, 0, 2)
    assert [line.rating for line in lines] == [KEEP, None]


def test_a_job_without_its_own_rating_counts_with_the_best_of_its_parts(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a"])
    seen = []
    with store.intake() as write, closing(store.reader()) as reader:
        acts = [("iteration-1", 2), ("iteration-2", 5), ("", 1), ("", None), ("iteration-2", None)]
        for part, value in acts:
            write(lambda c, part=part, value=value: rate(c, 1, part, value, "", "operator"))
            seen.append(lists.jobs_at(reader, 1, 0, 1)[0].rating)
    assert seen == [2, 5, 1, 5, 2]


def test_a_job_that_is_gone_is_not_rated(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    with store.intake() as write:
        write(lambda c: rate(c, 7, "", 3, "", "operator"))
    with closing(store.reader()) as reader:
        assert ratings_of(reader, 7) == []


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("4", "4"),
        ("keep", "keep"),
        (">=4", "4 5 keep"),
        ("<2", "reject 1"),
        ("> 5", "keep"),
        ("2,REJECT", "reject 2"),
        ("=3", "3"),
    ],
)
def test_conditions_on_ratings(condition: str, words: str) -> None:
    assert ranks_of(condition) == {WORDS[word] for word in words.split()}


@pytest.mark.parametrize("condition", ["", "6", ">=", "good", "4,good", "≥4", ">=0", "\x00"])
def test_what_is_no_condition(condition: str) -> None:
    assert ranks_of(condition) is None


def test_every_rank_has_a_word_and_an_unknown_one_none() -> None:
    assert [rating_word(rank) for rank in range(7)] == list(WORDS)
    assert rating_word(None) is rating_word(99) is None


def test_jobs_are_ordered_and_narrowed_by_rating(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a", "b", "c", "d", "e"])
    with store.intake() as write:
        for job_id, value in ((2, 3), (4, KEEP), (5, REJECT)):
            write(lambda c, j=job_id, v=value: rate(c, j, "", v, "", "operator"))
    with closing(store.reader()) as reader:
        assert list(lists.count_ratings(reader, 1).items()) == [(KEEP, 1), (3, 1), (REJECT, 1)]
        assert page_of_ids(reader, lists.rows_of_rating(1, KEEP), 0, 10, 1) == [4]
        assert page_of_ids(reader, lists.rows_of_rating(1, None), 0, 10, 2) == [1, 3]
        assert page_of_ids(reader, lists.rows_of_rating(1, None), 1, 1, 2) == [3]
        assert lists.ids_matching(reader, 1, order="rating") == [4, 2, 5, 1, 3]
        assert lists.ids_matching(reader, 1, ratings={3, None}) == [1, 2, 3]
        assert lists.ids_matching(reader, 1, ratings=set()) == []


def test_batches_are_marked_and_archived_ones_are_not_listed(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    one, two = add_batch(store, ["a"]), add_batch(store, ["b"], name="two")
    with store.intake() as write:
        write(lambda c: batch_marks.star_batch(c, one, starred=True))
        write(lambda c: batch_marks.note_batch(c, one, "for the poster"))
        write(lambda c: batch_marks.archive_batch(c, two, archived=True))
    with closing(store.reader()) as reader:
        (line,) = lists.batch_lines(reader)
        assert (line.id, line.starred, line.note) == (one, 1, "for the poster")
        assert [row.id for row in lists.batch_lines(reader, archived=True)] == [two, one]
        assert [row.id for row in batches.batches(reader, archived=False)] == [one]
        assert batches.count_archived(reader) == 1
    with store.intake() as write:
        write(lambda c: batch_marks.archive_batch(c, two, archived=False))
    with closing(store.reader()) as reader:
        assert batch_row(reader, two).archived_at is None


def test_words_of_finished_jobs_are_found_wherever_they_stand(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["winter-fox", "b"])
    job = finish(store)
    for text in ("fox", "SNOW", "warmer", "dark harbour", "winter", "toy", "sno", '"in the snow"'):
        assert found(store, text) == [job], text
    for text in ("foxglove", '"snow the in"', "fox -dark", "sno fox"):
        assert found(store, text) == [], text
    assert finish(store, prompt="A fóx at sea") == 2
    assert found(store, "fox") == [2, 1]
    assert found(store, "fox -snow") == [2]
    assert found(store, "fo") == [2, 1]
    assert found(store, "f") == []


def test_conditions_narrow_a_search(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a", "b"])
    add_batch(store, ["c"], name="two")
    for _ in range(3):
        finish(store)
    with store.intake() as write:
        write(lambda c: rate(c, 2, "", KEEP, "the poster", "operator"))
    assert found(store, "fox") == [3, 2, 1]
    assert found(store, "fox", batch_id=1) == [2, 1]
    assert found(store, "fox", recipe="toy") == [3, 2, 1]
    assert found(store, "fox", recipe="to") == []
    assert found(store, "fox", recipe='" OR "') == []
    assert found(store, "fox", ratings={KEEP}) == [2]
    assert found(store, "fox", min_score=50) == [3, 2, 1]
    assert found(store, "fox", min_score=50.5) == []
    assert found(store, "poster") == [2]


def test_a_job_is_indexed_again_once_it_has_ended_again(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a"])
    finish(store)
    assert found(store, "fox") == [1]
    with store.alone() as write, closing(store.reader()) as reader:
        jobs = job_writes.jobs_to_move(reader, 1, None, ("done",))
        write(lambda c: job_writes.retry_jobs(c, jobs))
        assert count_unindexed(reader) == 0
        (job,) = write(lambda c: job_writes.claim_jobs(c, 1))
        write(lambda c: job_writes.end_job(c, job, "failed"))
        assert count_unindexed(reader) == 1
    with store.intake() as write:
        write(lambda c: c.execute("DELETE FROM prompts"))
    assert found(store, "fox") == []
    assert found(store, "dark") == [1]


def test_words_go_with_their_job(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a"])
    finish(store)
    assert found(store, "fox") == [1]
    with store.intake() as write:
        write(lambda c: c.execute("DELETE FROM jobs"))
    with closing(store.reader()) as reader:
        assert reader.execute("SELECT count(*) FROM job_texts").fetchone()[0] == 0
    assert store.check() == []


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_no_query_raises(text: str, tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a"])
    finish(store)
    assert found(store, text) in ([], [1])


def test_hostile_texts_are_indexed(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a"])
    finish(store, prompt='fox "; \x1b[2J NEAR( ' + "y" * 100_000, critique="z\u202ez" * 50_000)
    assert found(store, "fox") == [1]


def old_store(path: Path) -> None:
    """A store of schema 7 with a finished job that has a temporary file."""
    with closing(make_older_store(path, before=8)) as connection:
        batch_id = create_batch(connection, NewBatch("old", "toy", "1", 1, "{}", "{}", "o", "s"))
        add_jobs(connection, batch_id, [NewJob("a", "{}", 1, "o/a", "o/a", prompt="A fox")])
        seal_batch(connection, batch_id)
        connection.execute("UPDATE jobs SET state = 'done', finished_at = '2026-01-01T00:00:00Z'")


def test_an_older_store_gains_ratings_and_its_words_are_indexed(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    old_store(path)
    store = Store(path)
    with closing(store.reader()) as reader:
        assert reader.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        assert lists.jobs_at(reader, 1, 0, 1)[0].rating is None
        assert (batch_row(reader, 1).starred, batch_row(reader, 1).note) == (0, "")
        assert count_unindexed(reader) == 1
    assert found(store, "fox") == [1]
    with closing(store.reader()) as reader:
        assert count_unindexed(reader) == 0
    assert path.with_name("safelight-schema-7.db").exists()
    assert store.check() == []


def test_a_process_killed_in_the_migration_leaves_a_store_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    old_store(path)
    code = (
        "import os, sys, pathlib\n"
        "from db.migrations import m0008_ratings as m\n"
        "from db.store import Store\n"
        "import db.schema\n"
        "class Killed(tuple):\n"
        "    def __iter__(self):\n"
        "        for number, statement in enumerate(tuple.__iter__(self)):\n"
        "            if number == int(sys.argv[2]): os.kill(os.getpid(), 9)\n"
        "            yield statement\n"
        "m._STATEMENTS = Killed(m._STATEMENTS)\n"
        "Store(pathlib.Path(sys.argv[1]))\n"
    )
    for number in (1, 5, 12, 15):
        command = [sys.executable, "-c", code, str(path), str(number)]
        ended = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
        assert ended.returncode == -signal.SIGKILL, os.strerror(ended.returncode)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] == 7
    store = Store(path)
    assert found(store, "fox") == [1]
    assert store.check() == []


def test_temporary_files_are_found_without_a_scan(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    with closing(store.reader()) as reader:
        sql = """EXPLAIN QUERY PLAN SELECT DISTINCT a.job_id FROM artifacts a CROSS JOIN jobs j
                 ON j.id = a.job_id WHERE a.role = 'temporary' AND j.state = 'done'
                 AND j.finished_at < ? LIMIT ?"""
        plan = [row[3] for row in reader.execute(sql, ("2026", 1))]
    assert any("artifacts_temporary" in line for line in plan), plan
    assert not any(line.startswith("SCAN j") for line in plan), plan
