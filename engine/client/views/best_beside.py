"""The best job of a batch beside another one, or beside the parts of one."""

import sqlite3
from dataclasses import replace

from db.queries import digest, lists
from engine.client.views.candidates import MAX_CANDIDATES, Candidate, Comparison
from engine.client.views.comparison import PartsOfAJob
from engine.client.views.recipe_info import Headlines
from engine.client.views.whole_jobs import BestOfJobs


class PartsBesideJob:
    """View of the parts of a job, and at the end of another job as a whole.

    Args:
        parts: The parts.
        job: The other job.
        headlines: Headlines of the recipes.
    """

    every = 5.0

    def __init__(self, parts: PartsOfAJob, job: int, headlines: Headlines) -> None:
        self._parts = parts
        self._job = BestOfJobs([job], job, headlines)

    def read(self, connection: sqlite3.Connection, version: int) -> Comparison:
        """Return the present parts and the job."""
        parts = self._parts.read(connection, version)
        others = self._job.read(connection, version).candidates
        named = [replace(one, title=f"j{one.job} {one.title}") for one in others]
        candidates = (*parts.candidates[-(MAX_CANDIDATES - 1) :], *named)
        at = parts.chosen - len(parts.candidates) + len(candidates) - len(named)
        return replace(parts, candidates=candidates, chosen=max(0, at))

    def at(self, candidate: Candidate) -> PartsOfAJob | BestOfJobs:
        """Return the things of the kind of one of them, with it selected."""
        return (self._parts if candidate.node else self._job).at(candidate)

    def beside(self, job: int, headlines: Headlines) -> "PartsBesideJob":
        """Return the parts beside another job."""
        return PartsBesideJob(self._parts, job, headlines)


def best_other(connection: sqlite3.Connection, job_id: int, headlines: Headlines) -> int | None:
    """Return the best job of a job's batch other than the job itself; None if there is none."""
    lines = lists.jobs_of_ids(connection, [job_id])
    batch = lists.batch_line(connection, lines[0].batch_id) if lines else None
    if batch is None:
        return None
    better = headlines.of(batch.recipe).higher_is_better
    ids = digest.best_jobs(connection, batch.id, 2, higher_is_better=better)
    return next((id_ for id_ in ids if id_ != job_id), None)


def with_job(
    view: PartsOfAJob | PartsBesideJob | BestOfJobs, job: int, headlines: Headlines
) -> PartsBesideJob | BestOfJobs:
    """Return a view with another job in it as a whole."""
    if isinstance(view, PartsOfAJob):
        return PartsBesideJob(view, job, headlines)
    return view.beside(job, headlines)
