"""Steps and jobs that live by the product's writes, by chance: for totals that have to hold."""

import random
import sqlite3
from datetime import timedelta
from itertools import count

from db.queries import jobs as job_queries
from db.writes import jobs as job_writes
from db.writes import steps as step_writes
from db.writes.batches import NewBatch, create_batch, delete_batch, delete_jobs_of
from db.writes.deletions import delete_jobs, delete_rest
from db.writes.errors import ErrorRecord
from db.writes.imports import DoneJob, DoneStep, add_done_jobs
from db.writes.old_history import last_to_remove, remove_old
from db.writes.records import Intent, Outcome
from db.writes.reuse import ReusableStep, reuse_step
from db.writes.spending import Reservation
from tests.support.stores import intent, new_job

AT = "2026-11-30T10:00:00.000000Z"
CALL = {
    "attempt": 1,
    "request_id": None,
    "status": "done",
    "error": None,
    "wait_seconds": None,
    "cost": 0,
    "tokens_in": 3,
    "tokens_out": None,
    "started_at": AT,
    "finished_at": AT,
}
ERROR = ErrorRecord("retryable", "Retryable", "Again.")


class Life:
    """Jobs and steps of two batches that live by the product's writes, by chance.

    Args:
        connection: The store's writer.
        seed: Of the choices within an operation.
    """

    def __init__(self, connection: sqlite3.Connection, seed: int) -> None:
        self.connection = connection
        self.random = random.Random(seed)
        self._keys = count(connection.execute("SELECT count(*) FROM steps").fetchone()[0])

    def _choose(self, sql: str) -> sqlite3.Row | None:
        rows = self.connection.execute(sql).fetchall()
        return self.random.choice(rows) if rows else None

    def _amounts(self) -> tuple[int, list[dict[str, object]]]:
        calls = [CALL | {"tokens_out": self.random.choice([None, 7])}] * self.random.choice([0, 2])
        return self.random.choice([0, 0, 500]), calls

    def _intent(self) -> Intent | None:
        job = self._choose("SELECT id, batch_id FROM jobs")
        if job is None:
            return None
        key = f"{self.random.choice('ab')}-{next(self._keys)}"
        return intent(job["batch_id"], job["id"], key)._replace(name=key[0])

    def _step(self) -> tuple[int, Intent] | None:
        row = self._choose(
            "SELECT id, batch_id, job_id, key, name FROM steps WHERE job_id AND fingerprint = 'f'"
        )
        if row is None:
            return None
        same = intent(row["batch_id"], row["job_id"], row["key"])._replace(name=row["name"])
        return row["id"], same

    def begin(self) -> None:
        if new := self._intent():
            paid = Reservation(self.random.choice([None, 900]))
            step_writes.begin_step(self.connection, new, paid)

    def again(self) -> None:
        if step := self._step():
            step_writes.begin_again(self.connection, step[0], step[1].batch_id)

    def finish(self) -> None:
        if step := self._step():
            cost, calls = self._amounts()
            outcome = Outcome("{}", cost=cost, calls=calls)
            step_writes.finish_step(self.connection, *step, outcome)

    def fail(self) -> None:
        if step := self._step():
            cost, calls = self._amounts()
            state = self.random.choice(["failed", "open", "unknown"])
            step_writes.fail_step(self.connection, *step, ERROR, state, cost=cost, calls=calls)

    def retry(self) -> None:
        if step := self._step():
            cost, calls = self._amounts()
            again = step_writes.Retry(
                "x", 1, bool(self.random.getrandbits(1)), cost=cost, calls=calls
            )
            step_writes.note_retry(self.connection, *step, again)

    def charge(self) -> None:
        if step := self._step():
            step_writes.charge_step(self.connection, *step, 70)

    def reuse(self) -> None:
        done, new = self._choose("SELECT id FROM steps WHERE state = 'done'"), self._intent()
        if done and new:
            earlier = ReusableStep(done["id"], "{}", 5, ())
            reuse_step(self.connection, new, earlier, headline=None, iterations=0)

    def end(self) -> None:
        job_writes.claim_jobs(self.connection, 1)
        row = self._choose("SELECT id FROM jobs WHERE state = 'running'")
        if row and (job := job_queries.job(self.connection, row["id"])):
            score = self.random.choice([None, 30.25])
            job_writes.end_job(self.connection, job, "done", score=score)

    def reopen(self) -> None:
        row = self._choose("SELECT id FROM jobs WHERE state = 'done'")
        if row and (job := job_queries.job(self.connection, row["id"])):
            job_writes.retry_jobs(self.connection, [job])

    def pass_time(self) -> None:
        """Move some ends: by seconds, or so far that buckets are widened."""
        far = 10 ** self.random.randint(0, 8)
        for table in ("jobs", "steps"):
            self.connection.execute(
                f"""UPDATE {table} SET finished_at = strftime('%Y-%m-%dT%H:%M:%f000Z',
                    unixepoch(finished_at) + abs(random()) % ?, 'unixepoch')
                    WHERE finished_at IS NOT NULL AND id % 2 = ?""",
                (far, self.random.randint(0, 1)),
            )

    def remove_calls(self) -> None:
        self.connection.execute("UPDATE api_calls SET finished_at = '2020' WHERE id % 2")
        last = last_to_remove(self.connection, "calls", timedelta(seconds=60))
        remove_old(self.connection, "calls", 0, last)

    def bring(self) -> None:
        """Import a job; sometimes that is given up."""
        name = f"import-{next(self._keys)}"
        batch = create_batch(self.connection, NewBatch(name, "toy", "1", 1, "{}", "{}", "o", name))
        step = DoneStep("", "a", "toy", "toy-1", "{}", "{}", AT, AT, cost=40)
        job = DoneJob(new_job(batch, name), "done", [step], score=3.0, cost=40)
        add_done_jobs(self.connection, batch, [job])
        if self.random.getrandbits(1):
            delete_jobs_of(self.connection, batch)
            delete_batch(self.connection, batch)

    def delete(self) -> None:
        """Delete a job of a batch, and the batch once nothing is left of it."""
        self.connection.execute("UPDATE batches SET deleting = 1 WHERE id = 2")
        ids = [row[0] for row in self.connection.execute("SELECT id FROM jobs WHERE batch_id = 2")]
        delete_jobs(self.connection, 2, ids[:1])
        delete_rest(self.connection, 2)


OPERATIONS = ("begin", "begin", "again", "finish", "finish", "fail", "retry", "charge", "reuse",
              "end", "end", "reopen", "pass_time", "remove_calls", "bring", "delete")  # fmt: skip
"""Names of what may happen, likely things twice."""
