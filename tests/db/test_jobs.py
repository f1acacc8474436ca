"""Claims, moves and ends of jobs, and what a step leaves behind."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from db.errors import BatchChanged
from db.queries import batches, history, jobs, spending
from db.store import Store
from db.writes import batches as batch_writes
from db.writes import jobs as job_writes
from db.writes import steps as step_writes
from db.writes.errors import ErrorRecord
from db.writes.records import Intent, Outcome
from tests.support.stores import NO_LUCK, add_batch, batch_row, intent, make_store, new_job


def claim(store: Store, free: int) -> list[str]:
    with store.alone() as write:
        return [job.key for job in write(lambda c: job_writes.claim_jobs(c, free))]


def test_claims_go_by_priority_then_age(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["old-1", "old-2"])
    add_batch(store, ["new-1", "new-2"], name="new")
    add_batch(store, ["urgent"], name="urgent", priority=5)
    with store.alone() as write:
        write(lambda c: job_writes.add_priority(c, None, 4, 2))  # new-2
    assert claim(store, 10) == ["urgent", "new-2", "old-1", "old-2", "new-1"]


def test_a_job_of_an_older_batch_never_overtakes_a_more_urgent_one(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    low = add_batch(store, ["low-1", "low-2", "low-3"], priority=-1)
    add_batch(store, ["high-1", "high-2"], name="high", priority=1)
    with store.alone() as write:
        write(lambda c: job_writes.add_priority(c, None, 3, 1))  # low-3: 0 in all
        write(lambda c: job_writes.add_priority(c, low, None, 0))
    assert claim(store, 1) == ["high-1"]
    assert claim(store, 2) == ["high-2", "low-3"]


def test_a_batch_gives_no_more_jobs_than_it_may_have_in_flight(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a", "b", "c", "d"], in_flight=2)
    add_batch(store, ["e", "f"], name="other")
    assert claim(store, 3) == ["a", "b", "e"]
    assert claim(store, 3) == ["f"]
    reader = store.reader()
    assert not batches.can_claim(reader)
    reader.close()


def test_nothing_is_claimed_of_held_and_unfinished_batches(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    held = add_batch(store, ["a"])
    add_batch(store, ["b"], name="preparing", seal=False)
    with store.alone() as write:
        write(lambda c: batch_writes.hold_batch(c, held, held=True))
    assert claim(store, 10) == []


def test_a_job_that_has_ended_is_not_ended_again(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a"])
    with store.alone() as write:
        (job,) = write(lambda c: job_writes.claim_jobs(c, 1))
        write(lambda c: job_writes.end_job(c, job, "done", result="{}", score=7.0))
        write(lambda c: job_writes.end_job(c, job, "cancelled"))
        write(lambda c: job_writes.park_job(c, job, "disk", "outputs", "No room."))
        write(lambda c: job_writes.put_back(c, job))
    reader = store.reader()
    found = jobs.job(reader, job.id)
    assert found is not None
    assert (found.state, found.result, found.score) == ("done", "{}", 7.0)
    types = [event.type for event in history.events_after(reader, 0, job_id=job.id)]
    assert types == ["job.started", "job.done"]
    reader.close()


def test_appending_opens_a_batch_that_had_ended(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a"])
    with store.alone() as write:
        (job,) = write(lambda c: job_writes.claim_jobs(c, 1))
        write(lambda c: job_writes.end_job(c, job, "done", result="{}"))
        assert write(lambda c: batch_writes.begin_finish(c, batch_id))
        write(lambda c: batch_writes.end_finish(c, batch_id, None))
        write(lambda c: batch_writes.add_jobs(c, batch_id, [new_job(batch_id, "late")]))
    reader = store.reader()
    found = batch_row(reader, batch_id)
    assert (found.state, found.finish, found.finished_at) == ("queued", "pending", None)
    assert batches.work_left(reader)
    reader.close()


def test_a_finish_is_begun_once_and_not_while_jobs_are_open(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a"])
    with store.alone() as write:
        assert not write(lambda c: batch_writes.begin_finish(c, batch_id))
        (job,) = write(lambda c: job_writes.claim_jobs(c, 1))
        write(lambda c: job_writes.end_job(c, job, "failed", message="no"))
        assert write(lambda c: batch_writes.begin_finish(c, batch_id))
        assert not write(lambda c: batch_writes.begin_finish(c, batch_id))
        reader = store.reader()
        (failed,) = jobs.all_jobs(reader, batch_id)
        write(lambda c: job_writes.retry_jobs(c, [failed]))  # while the finish is being made
        write(lambda c: batch_writes.end_finish(c, batch_id, None))
        assert batch_row(reader, batch_id).finish == "pending"
        reader.close()


def test_retry_opens_what_failed_and_nothing_else(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a"])
    outcome = Outcome(result='{"x": 1}')
    with store.alone() as write:
        (job,) = write(lambda c: job_writes.claim_jobs(c, 1))
        good, bad = intent(batch_id, job.id, "good"), intent(batch_id, job.id, "bad")
        good_id = write(lambda c: step_writes.begin_step(c, good))
        bad_id = write(lambda c: step_writes.begin_step(c, bad))
        write(lambda c: step_writes.finish_step(c, good_id, good, outcome))
        error_id = write(lambda c: step_writes.fail_step(c, bad_id, bad, NO_LUCK))
        write(lambda c: job_writes.end_job(c, job, "failed", error_id=error_id))
        write(lambda c: job_writes.retry_jobs(c, [job]))
    reader = store.reader()
    assert {step.key: step.state for step in jobs.steps(reader, job.id)} == {
        "good": "done",
        "bad": "open",
    }
    assert [error.message for error in jobs.errors(reader, job.id)] == ["No luck."]
    reader.close()


def test_an_error_with_half_a_character_is_kept(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a"])
    odd = ErrorRecord("bug", "Odd", "name \udcff \x00 here", traceback="\ud800")
    with store.alone() as write:
        (job,) = write(lambda c: job_writes.claim_jobs(c, 1))
        asked = intent(batch_id, job.id)
        step_id = write(lambda c: step_writes.begin_step(c, asked))
        error_id = write(lambda c: step_writes.fail_step(c, step_id, asked, odd))
        write(lambda c: job_writes.end_job(c, job, "failed", error_id=error_id, message="\udcff"))
    reader = store.reader()
    assert jobs.errors(reader, job.id)[0].message == "name \\udcff \x00 here"
    reader.close()


def test_iterations_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a"])
    with store.alone() as write:
        for scene, number in ((1, 1), (1, 2), (1, 10), (2, 1)):
            scope = f"scene-{scene}/iteration-{number}"
            asked = Intent(
                batch_id, 1, f"{scope}/say", scope, "say", "f", "refine", "toy", "toy-1", "{}"
            )
            write(partial(step_writes.begin_step, intent=asked))
    reader = store.reader()
    found = [(row.scope, row.number) for row in jobs.iterations(reader, 1)]
    assert found == [
        ("scene-1/iteration-1", 1),
        ("scene-1/iteration-2", 2),
        ("scene-1/iteration-10", 10),
        ("scene-2/iteration-1", 1),
    ]
    reader.close()


def test_a_batch_that_is_taken_back_leaves_nothing(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, [f"k{n}" for n in range(30)], seal=False)
    with store.intake() as write:
        assert write(lambda c: batch_writes.delete_jobs_of(c, batch_id, 20)) == 20
        assert write(lambda c: batch_writes.delete_jobs_of(c, batch_id, 20)) == 10
        write(lambda c: batch_writes.delete_batch(c, batch_id))
        with pytest.raises(BatchChanged):
            write(lambda c: batch_writes.add_jobs(c, batch_id, []))
        with pytest.raises(BatchChanged):
            write(lambda c: batch_writes.seal_batch(c, batch_id))
    reader = store.reader()
    assert batches.batches(reader) == []
    assert reader.execute("SELECT count(*) FROM prompts").fetchone()[0] == 0
    reader.close()


def test_a_sealed_batch_is_not_taken_back(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a"])
    with store.intake() as write:
        assert write(lambda c: batch_writes.delete_jobs_of(c, batch_id)) == 0
        write(lambda c: batch_writes.delete_batch(c, batch_id))
    reader = store.reader()
    assert batch_row(reader, batch_id).total == 1
    reader.close()


def test_one_jump_of_the_clock_does_not_change_how_long_calls_take(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a", "b", "c"])
    ends = ["2026-01-01T00:00:02Z", "2026-01-02T00:00:00Z", "2026-01-01T00:00:03Z"]
    with store.alone() as write:
        for job_id, end in enumerate(ends, 1):
            write(partial(step_writes.begin_step, intent=intent(batch_id, job_id)))
            write(partial(_ended_at, job_id=job_id, end=end))
    reader = store.reader()
    assert spending.seconds_of_calls(reader, "toy", "toy-1") == pytest.approx(3.0, abs=0.01)
    assert spending.seconds_of_calls(reader, "toy", "toy-2") is None
    reader.close()


def _ended_at(connection: sqlite3.Connection, job_id: int, end: str) -> None:
    connection.execute(
        """UPDATE steps SET state = 'done', started_at = '2026-01-01T00:00:00Z', finished_at = ?
           WHERE job_id = ?""",
        (end, job_id),
    )


def test_a_finished_job_is_queued_for_the_steps_it_went_on_without(tmp_path: Path) -> None:
    """One that had none stays done, and one that waits already is not queued twice."""
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a", "b"])
    with store.alone() as write:
        one, other = write(lambda c: job_writes.claim_jobs(c, 2))
        bad = intent(batch_id, one.id, "bad")
        bad_id = write(lambda c: step_writes.begin_step(c, bad))
        assert not write(lambda c: job_writes.retry_left_out(c, one))  # it still runs
        write(lambda c: step_writes.fail_step(c, bad_id, bad, NO_LUCK))
        for job in (one, other):
            write(partial(job_writes.end_job, job=job, state="done", result="{}"))
        assert not write(lambda c: job_writes.retry_left_out(c, other))
        assert write(lambda c: job_writes.retry_left_out(c, one))
        assert not write(lambda c: job_writes.retry_left_out(c, one))
    reader = store.reader()
    assert [job.state for job in jobs.all_jobs(reader, batch_id)] == ["queued", "done"]
    assert [step.state for step in jobs.steps(reader, one.id)] == ["open"]
    reader.close()
