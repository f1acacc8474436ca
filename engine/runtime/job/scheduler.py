"""Running jobs of an engine: claimed for free slots, run concurrently, stopped."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

from db.queries import batches as queries
from db.queries import jobs as job_queries
from db.rows import JobRow
from db.writer import StoreWriter
from db.writes import jobs as writes
from engine.contract import Blocked
from engine.runtime.job.batches import BatchCache
from engine.runtime.job.load import load_job
from engine.runtime.job.runner import JobRunner
from engine.runtime.step.job_state import JobState


class JobScheduler:
    """Claim jobs by priority and age, and run them.

    Args:
        reader: A connection of the event loop's.
        writer: The store's writer door.
        runner: Runs one job.
        batches: Shared parts of each batch.
        on_end: Called with a run that has ended.

    Attributes:
        runs: The jobs that run, by id.
    """

    def __init__(
        self,
        reader: sqlite3.Connection,
        writer: StoreWriter,
        runner: JobRunner,
        batches: BatchCache,
        on_end: Callable[[JobState], None],
    ) -> None:
        self.runs: dict[int, JobState] = {}
        self._reader = reader
        self._writer = writer
        self._runner = runner
        self._batches = batches
        self._on_end = on_end

    @property
    def tasks(self) -> list["asyncio.Task[None]"]:
        """The tasks of the jobs that run."""
        return [run.task for run in self.runs.values() if run.task]

    async def claim(self, most: int) -> None:
        """Take jobs for free places; those of jobs that are ending are free in the same commit.

        Args:
            most: Maximum number of concurrent jobs.
        """
        free = most - sum(not run.has_left for run in self.runs.values())
        if free <= 0 or not queries.can_claim(self._reader):
            return
        jobs = await self._writer.write(lambda c: writes.claim_jobs(c, free))
        decided = job_queries.decisions(self._reader, [job.id for job in jobs])
        for job in jobs:
            await self._begin(job, decided[job.id])

    async def _begin(self, job: JobRow, decided: dict[str, list[Any]]) -> None:
        try:
            batch = self._batches.get(job.batch_id, job.variant)
        except Blocked as error:
            reason, message = error.reason, f"{error.message} {error.remedy}"
            await self._writer.write(lambda c: writes.park_job(c, job, reason, None, message))
            return
        run = load_job(self._reader, job, batch, decided)
        self.runs[job.id] = run
        run.task = asyncio.create_task(self._runner.run(run), name=f"job j{job.id}")
        run.task.add_done_callback(lambda _: self._ended(run))

    def _ended(self, run: JobState) -> None:
        if self.runs.get(run.job.id) is run:  # it may have been claimed again by now
            del self.runs[run.job.id]
        self._on_end(run)

    def stop(
        self, then: str, batch_id: int | None = None, job_id: int | None = None
    ) -> list["asyncio.Task[None]"]:
        """Stop jobs at the step they are in; return their tasks, which end soon.

        Args:
            then: State that they take: `queued`, `paused` or `cancelled`.
            batch_id: The batch, None for all.
            job_id: The job, None for all of the batch.
        """
        stopped = [
            run
            for run in self.runs.values()
            if batch_id in {None, run.job.batch_id} and job_id in {None, run.job.id}
        ]
        for run in stopped:
            run.stop(then)
        return [run.task for run in stopped if run.task]
