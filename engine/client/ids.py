"""Ids of batches and jobs as people write them: `b3`, `j12`, a name, or `BATCH/KEY` for a job."""

import re
import sqlite3
from dataclasses import dataclass

from db.queries import batches, jobs
from db.rows import BatchRow, JobRow
from engine.text.errors import UserError
from engine.text.terminal import quoted

_NUMBERED = re.compile(r"([bj])([1-9][0-9]{0,17})")


class UnknownId(UserError, LookupError):
    """Nothing has that id; the message says how ids look."""


@dataclass(frozen=True, slots=True)
class ResolvedId:
    """A batch, or one job of it."""

    batch: BatchRow
    job: JobRow | None = None

    @property
    def target(self) -> dict[str, int]:
        """The target of a command."""
        return {"job": self.job.id} if self.job else {"batch": self.batch.id}

    def __str__(self) -> str:
        return job_name(self.job.id) if self.job else batch_name(self.batch.id)


def batch_name(batch_id: int) -> str:
    """The public id of a batch."""
    return f"b{batch_id}"


def job_name(job_id: int) -> str:
    """The public id of a job."""
    return f"j{job_id}"


def resolve(connection: sqlite3.Connection, text: str) -> ResolvedId:
    """Return the batch or job of an id.

    Raises:
        UnknownId: Nothing has it.
    """
    match = _NUMBERED.fullmatch(text)
    named = _numbered(connection, match) if match else None
    named = named or _by_name(connection, text)
    if named is None:
        raise UnknownId(
            f"Nothing is called {quoted(text)}. A batch is b1 or its name, a job is j1 or "
            "BATCH/KEY; `safelight status` and `safelight jobs BATCH` list them."
        )
    return named


def find_batch(connection: sqlite3.Connection, text: str) -> BatchRow:
    """The batch that an id names; a job's id names its batch.

    Raises:
        UnknownId: Nothing has it.
    """
    return resolve(connection, text).batch


def find_job(connection: sqlite3.Connection, text: str) -> ResolvedId:
    """The job that an id names.

    Raises:
        UnknownId: Nothing has it, or it is a batch's.
    """
    named = resolve(connection, text)
    if named.job is None:
        raise UnknownId(f"{quoted(text)} is a batch; name one of its jobs, as j1 or BATCH/KEY.")
    return named


def renamed(connection: sqlite3.Connection, batch_id: int, wanted: str) -> str:
    """Return a sentence about a batch that has another name than was wanted; else nothing."""
    batch = batches.batch(connection, batch_id)
    if batch is None or batch.name == wanted:
        return ""
    other = batches.batches_named(connection, wanted)
    why = f"{batch_name(other[0].id)} has the name" if other else "no batch can be called"
    return f"It is called {quoted(batch.name)}: {why} {quoted(wanted)}."


def namesake(connection: sqlite3.Connection, text: str) -> str:
    """A sentence for the case that a newer batch of the same name is called `NAME-2` or similar."""
    meant = batches.batches_named(connection, text)
    if not meant:
        return ""
    newer = batches.newest_numbered(connection, text)
    if newer is None or newer.id <= meant[0].id:
        return ""
    mine, other = batch_name(meant[0].id), batch_name(newer.id)
    return f"{quoted(text)} is {mine}; the newer {other} is called {quoted(newer.name)}."


def _numbered(connection: sqlite3.Connection, match: re.Match[str]) -> ResolvedId | None:
    number = int(match[2])
    if match[1] == "b":
        batch = batches.batch(connection, number)
        return ResolvedId(batch) if batch else None
    job = jobs.job(connection, number)
    batch = batches.batch(connection, job.batch_id) if job else None
    return ResolvedId(batch, job) if batch else None


def _by_name(connection: sqlite3.Connection, text: str) -> ResolvedId | None:
    if rows := batches.batches_named(connection, text):
        return ResolvedId(rows[0])
    head, slash, key = text.partition("/")
    if not slash:
        return None
    batch = find_batch(connection, head)
    job = jobs.job_by_key(connection, batch.id, key)
    return ResolvedId(batch, job) if job else None
