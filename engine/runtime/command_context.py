"""Target and context of commands: the store, and the jobs that run here."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from db.queries.jobs import job as read_job
from db.rows import BatchRow, JobRow, LaneRow
from engine.contract.recipe import Catalog
from engine.runtime.lanes.lane_set import LaneChange, UnknownLane
from engine.text.plural import pluralize

T = TypeVar("T")

Arguments = Mapping[str, Any]
"""The arguments of a command, as they were stored."""


class CommandRefused(Exception):
    """A command cannot be carried out; the message has the reason."""


class AsyncWrite(Protocol):
    """Runs one write operation and returns once it is committed."""

    def __call__(self, operation: Callable[[sqlite3.Connection], T], /) -> Awaitable[T]:
        """Commits the operation."""
        ...


class RunningJobs(Protocol):
    """The jobs that run in this process."""

    async def stop_jobs(self, batch_id: int, job_id: int | None, then: str) -> int:
        """Stop one job, or all of a batch, at the step they are in; return how many.

        They have stopped when it returns, or ended: a job that was about to end still does.

        Args:
            batch_id: The batch.
            job_id: The job, None for all of the batch.
            then: State that they take: `queued`, `paused` or `cancelled`.
        """
        ...

    async def put_back_all(self) -> int:
        """Stop every job at the step it is in and queue it again; return how many."""
        ...

    def drain(self) -> int:
        """Take nothing new, and stop once the running jobs have ended; return how many run.

        Raises:
            CommandRefused: No engine runs.
        """
        ...

    def is_calling(self, batch_id: int) -> bool:
        """Return True if a call of a batch is in flight, also one that has outlived its job."""
        ...

    def reload(self) -> None:
        """Reload settings and environment, and let blocked lanes try again."""
        ...

    def change_lane(self, name: str, change: LaneChange) -> list[LaneRow]:
        """Change lanes until the engine ends; return their present state.

        Args:
            name: A lane, or a backend for all of its lanes.
            change: The change.

        Raises:
            UnknownLane: No lane has that name.
        """
        ...


class NoEngine:
    """Substitute if no engine runs."""

    async def stop_jobs(self, batch_id: int, job_id: int | None, then: str) -> int:
        """Return 0: nothing is running."""
        return 0

    async def put_back_all(self) -> int:
        """Return 0: nothing is running."""
        return 0

    def drain(self) -> int:
        """Raise: there is no engine to stop."""
        raise CommandRefused("No engine runs on this workspace.")

    def is_calling(self, batch_id: int) -> bool:
        """Return False: nothing is running."""
        return False

    def reload(self) -> None:
        """Do nothing: nothing needs a reload."""

    def change_lane(self, name: str, change: LaneChange) -> list[LaneRow]:
        """Raise: there are no lanes."""
        raise UnknownLane("No engine runs here, so there are no lanes; set it in safelight.toml.")


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """A batch, or one job of it."""

    batch: BatchRow
    job: JobRow | None

    @property
    def job_id(self) -> int | None:
        """The job's number, None for a whole batch."""
        return self.job.id if self.job else None

    @property
    def state(self) -> str:
        """The state of the batch."""
        return self.batch.state

    def __str__(self) -> str:
        if self.job is None:
            return f"b{self.batch.id}"
        return f"j{self.job.id} ({self.job.key})"


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Store and process that commands are carried out in.

    Attributes:
        reader: A connection to read with.
        write: Commits one operation.
        running: The jobs that run here.
        catalog: Recipes and backends.
    """

    reader: sqlite3.Connection
    write: AsyncWrite
    running: RunningJobs
    catalog: Catalog

    async def in_slices(self, operation: Callable[[sqlite3.Connection], int]) -> int:
        """Repeat an operation until it moves nothing; return how much it moved in all."""
        total = 0
        while moved := await self.write(operation):
            total += moved
        return total

    def state_of(self, job: JobRow) -> str:
        """Return the present state of a job; `gone` if it is no longer in the store."""
        current = read_job(self.reader, job.id)
        return current.state if current else "gone"


def stopped_words(stopped: int) -> str:
    """Return how many running jobs a pause has stopped, as the end of a sentence."""
    return f"{pluralize(stopped, 'running job')} stopped at a step" if stopped else "no job ran"
