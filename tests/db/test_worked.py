"""Working time of a job: without the time that it waited, or that no engine ran."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.queries.worked import worked
from tests.tui.support import Place

DAY = "2026-11-01T"


def at(clock: str) -> str:
    """A stored time of one day."""
    return f"{DAY}{clock}.000000Z"


class Job:
    """A job whose steps, events and engines have times of our own."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.id = place.job_ids(place.batch("evening", ["one"]))[0]
        place.claim(1)
        self._execute("DELETE FROM events")

    def _execute(self, sql: str, *values: object) -> None:
        self.place.write(lambda c: c.execute(sql, values))

    def step(self, begin: str, end: str | None, *, attempts: int = 1) -> int:
        number = self.place.step(self.id, "", f"step-{begin}")
        self._execute("DELETE FROM events WHERE type = 'step.done'")
        sql = "UPDATE steps SET started_at = ?, finished_at = ?, attempts = ? WHERE id = ?"
        self._execute(sql, at(begin), at(end) if end else None, attempts, number)
        return number

    def event(self, clock: str, type_: str) -> None:
        sql = "INSERT INTO events (at, batch_id, job_id, type) VALUES (?, 1, ?, ?)"
        self._execute(sql, at(clock), self.id, type_)

    def engine(self, begin: str, seen: str, stopped: str | None = None) -> None:
        number = self.place.engine_row(1)
        sql = "UPDATE engines SET started_at = ?, seen_at = ?, stopped_at = ? WHERE id = ?"
        self._execute(sql, at(begin), at(seen), at(stopped) if stopped else None, number)

    @property
    def seconds(self) -> float | None:
        connection = self.place.store.reader()
        try:
            return worked(connection, [self.id])[self.id].seconds
        finally:
            connection.close()


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    yield Job(Place(tmp_path / "workspace"))


def test_time_between_steps_does_not_count(job: Job) -> None:
    job.step("10:00:00", "10:00:20")
    job.step("17:00:00", "17:00:10")
    assert job.seconds == 30


def test_what_is_done_at_the_same_time_counts_once(job: Job) -> None:
    job.step("10:00:00", "10:00:20")
    job.step("10:00:05", "10:00:10")
    job.step("10:00:15", "10:00:30")
    assert job.seconds == 30


def test_hours_without_an_engine_do_not_count(job: Job) -> None:
    """A step whose engine was killed and that the next one ran again."""
    job.engine("09:00:00", "10:00:10")
    job.engine("18:00:00", "18:30:00", "18:30:00")
    job.event("09:59:00", "job.started")
    job.event("18:00:01", "job.started")
    job.step("10:00:00", "18:00:21", attempts=2)
    assert job.seconds == 10 + 21


@pytest.mark.parametrize("waits", ["job.parked", "job.paused", "job.queued"])
def test_hours_that_it_waited_do_not_count(job: Job, waits: str) -> None:
    job.engine("09:00:00", "20:00:00", "20:00:00")
    job.event("10:00:00", "job.started")
    job.event("10:00:05", waits)
    job.event("17:00:00", "job.resumed")
    job.event("17:00:10", "job.started")
    job.step("10:00:00", "17:00:30", attempts=2)
    assert job.seconds == 5 + 20


def test_a_step_that_runs_under_an_engine_that_is_gone_has_stopped(job: Job) -> None:
    job.engine("09:00:00", "10:00:40")
    job.event("10:00:00", "job.started")
    job.step("10:00:10", None)
    assert job.seconds == 30


def test_without_events_the_lives_of_engines_count(job: Job) -> None:
    """Events are kept for a while only."""
    job.engine("10:00:00", "10:00:10", "10:00:10")
    job.engine("12:00:00", "12:00:10", "12:00:10")
    job.step("10:00:00", "12:00:10", attempts=2)
    assert job.seconds == 20


def test_a_job_that_did_nothing_took_no_time(job: Job) -> None:
    assert job.seconds is None


def test_probes_of_a_blocked_lane_do_not_count(job: Job) -> None:
    """They leave no events, and each puts off the time at which the step was given up."""
    job.engine("10:00:00", "14:00:00")
    job.event("10:00:00", "job.started")
    job.event("10:00:20", "job.parked")
    number = job.step("10:00:05", "13:00:00")
    job._execute("UPDATE steps SET state = 'open' WHERE id = ?", number)
    assert job.seconds == 15
