"""Engines for tests: a workspace, a batch in it, and an engine that runs in this process."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from db.queries import batches, jobs
from db.rows import BatchRow, CommandRow, JobRow, StepRow
from db.store import Store
from db.writes import commands as command_writes
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.queue import Queue, QueueOptions
from engine.runtime.engine import Engine
from engine.runtime.signing import unsigned
from engine.runtime.timings import EngineTimings
from tests.support.toys import ToyBackend, ToyCatalog, write_lines

QUICK_TIMINGS = EngineTimings(turn=0.01, alerts=0.1)
"""Intervals of an engine that a test waits for."""

PATIENCE = 60.0
"""Seconds after which a test gives up waiting; never a measure of anything."""


def quick_settings(**engine: Any) -> Settings:
    """Settings that wait for nothing."""
    chosen = {"cpu_workers": 1, "grace_seconds": 20, **engine}
    retry = {"wait_initial": 0.0, "wait_max": 0.0, "wait_jitter": 0.0, "tries": 3}
    return Settings(engine=chosen, retry=retry)


@dataclass
class Toy:
    """A workspace with a toy catalog.

    Attributes:
        root: The workspace.
        backend: What every batch of it asks.
        settings: The engine's settings.
        timings: Its intervals, and its patience when it closes.
    """

    root: Path
    backend: ToyBackend = field(default_factory=ToyBackend)
    settings: Settings = field(default_factory=quick_settings)
    timings: EngineTimings = QUICK_TIMINGS
    catalog: ToyCatalog = field(init=False)
    paths: WorkspacePaths = field(init=False)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = ToyCatalog(self.backend)
        self.paths = WorkspacePaths(self.root)
        self.store = Store.create(self.paths.store, created_by="tests")

    def queue(
        self,
        count: int = 1,
        overrides: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> int:
        """Queues a batch of plain lines."""
        queue = self._queue()
        chosen = QueueOptions(overrides={"seed": 1, **(overrides or {})}, **options)
        return queue.queue(self.catalog.recipe("toy"), write_lines(self.root, count), chosen)

    def append(self, batch_id: int, source: Path) -> int:
        """Adds entries to a batch."""
        return self._queue().append(batch_id, self.catalog.recipe("toy"), source, QueueOptions())

    def _queue(self) -> Queue:
        catalog = cast("EntryPointCatalog", self.catalog)
        return Queue(self.paths, self.store, self.settings, catalog)

    def engine(self) -> Engine:
        """An engine that has not been started."""
        return Engine(
            self.paths,
            self.settings,
            self.catalog,
            version="0",
            run_id="tests",
            signer=unsigned,
            timings=self.timings,
        )

    async def run(self, until: Callable[[Engine], bool] = lambda engine: engine.is_idle) -> Engine:
        """Runs an engine until there is nothing left to do."""
        engine = self.engine()
        await asyncio.wait_for(engine.run(until), PATIENCE)
        return engine

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Engine]:
        """An engine that runs beside the test and is stopped after it."""
        engine = self.engine()
        task = asyncio.create_task(engine.run())
        try:
            yield engine
        finally:
            engine.stop()
            await asyncio.wait_for(task, PATIENCE)

    def command(self, verb: str, arguments: Mapping[str, Any] | None = None, **target: int) -> int:
        """Asks for something, as the command line would."""
        with self.store.intake() as write:
            return write(
                lambda c: command_writes.add_command(c, verb, [target], arguments or {}, "tests")
            )

    async def obeyed(
        self, verb: str, arguments: Mapping[str, Any] | None = None, **target: int
    ) -> CommandRow:
        """Asks a running engine for something and waits for its answer."""
        command_id = self.command(verb, arguments, **target)

        def answered() -> CommandRow | None:
            found = self.read(lambda c: batches.command(c, command_id))
            return found if found is not None and found.state != "pending" else None

        return cast("CommandRow", await eventually(answered))

    def read(self, query: Callable[[sqlite3.Connection], Any]) -> Any:
        """Return the result of a query now."""
        reader = self.store.reader()
        try:
            return query(reader)
        finally:
            reader.close()

    def batch(self, batch_id: int = 1) -> BatchRow:
        """A batch as it is now."""
        return cast("BatchRow", self.read(lambda c: batches.batch(c, batch_id)))

    def job(self, job_id: int = 1) -> JobRow:
        """A job as it is now."""
        return cast("JobRow", self.read(lambda c: jobs.job(c, job_id)))

    def jobs(self, batch_id: int = 1) -> list[JobRow]:
        """The jobs of a batch as they are now."""
        return cast("list[JobRow]", self.read(lambda c: list(jobs.all_jobs(c, batch_id))))

    def steps(self, job_id: int = 1) -> list[StepRow]:
        """The steps of a job as they are now."""
        return cast("list[StepRow]", self.read(lambda c: jobs.steps(c, job_id)))

    async def becomes(self, state: str, job_id: int = 1) -> JobRow:
        """Waits until a job is in a state."""

        def there() -> JobRow | None:
            found = self.job(job_id)
            return found if found.state == state else None

        return cast("JobRow", await eventually(there))


async def eventually(found: Callable[[], Any]) -> Any:
    """Waits until something is found to be so; returns it."""
    async with asyncio.timeout(PATIENCE):
        while not (value := found()):
            await asyncio.sleep(0.01)
    return value
