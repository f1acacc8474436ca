"""The engine: holds the workspace, takes jobs by priority and age, and runs their recipes."""

import asyncio
import contextlib
import logging
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from db.queries import batches as queries
from db.queries import jobs as job_queries
from db.queries.history import data_version
from db.rows import JobRow, LaneRow
from db.store import Store
from db.writer import StoreWriter
from db.writes import engines as engine_writes
from db.writes import jobs as job_writes
from db.writes.events import prune_events, record_event
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings, load_environment, read_settings
from engine.contract import Blocked
from engine.contract.recipe import Catalog
from engine.models.hosts.model_hosts import ModelHosts
from engine.process.limits import refuse_too_little
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.batch_finalizer import BatchFinalizer
from engine.runtime.commands import CommandHandler
from engine.runtime.gc_tuning import tuned
from engine.runtime.host_status import HostStatusReporter
from engine.runtime.job.load import load_batch, load_job
from engine.runtime.job.runner import JobRunner
from engine.runtime.lanes.lane_set import LaneChange, LaneSet
from engine.runtime.lock import EngineLock
from engine.runtime.output_writer import OutputWriter
from engine.runtime.process_pool import ComputePool
from engine.runtime.step.budget import BudgetGuard
from engine.runtime.step.job_state import BatchState, JobState
from engine.runtime.step.progress import FLUSH_SECONDS, ProgressReporter
from engine.runtime.step.runner import StepRunner
from engine.runtime.step.services import StepServices
from engine.text.errors import UserError

log = logging.getLogger(__name__)

TICK_SECONDS = 0.05
HEARTBEAT_SECONDS = 2.0
LAST_WRITES_SECONDS = 5.0
LANES_SECONDS = 0.5
HOSTS_SECONDS = 0.3


class StoreGone(UserError):
    """The store was deleted or replaced underneath the engine."""


class Engine:
    """One engine on one workspace.

    Args:
        paths: The workspace's places.
        settings: Its settings.
        catalog: Where recipes and backends are found.
        version: Version of Safelight, kept with the engine's row.
        run_id: Name of this run in logs.
        overrides: Settings that win over files and environment when those are read again.
    """

    def __init__(
        self,
        paths: WorkspacePaths,
        settings: Settings,
        catalog: Catalog,
        *,
        version: str,
        run_id: str,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        self._overrides = overrides
        self._paths = paths
        self._settings = settings
        self._catalog = catalog
        self._version = version
        self._run_id = run_id
        self._environment = load_environment(paths.root, settings.given)
        self._lanes = LaneSet(settings)
        self._runs: dict[int, JobState] = {}
        self._batches: dict[int, BatchState] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._trouble: str | None = None
        self._seen_version = -1
        self._due: dict[str, float] = {}

    async def run(
        self,
        until: "Callable[[Engine], bool] | None" = None,
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        """Works until it is stopped, or until `until` says so.

        Args:
            until: Whether to end, asked at every turn.
            on_start: Called once the workspace is this engine's.

        Raises:
            WorkspaceBusy: Another engine holds the workspace.
            StoreGone: The store was deleted or replaced underneath.
            TooLittle: The system allows too few open files, memory or processes.
        """
        refuse_too_little()
        with EngineLock(self._paths.lock), tuned():
            store = Store(self._paths.store)
            on_start()
            self._open(store)
            try:
                await self._work_unless_stuck(until)
            finally:
                await self._close()

    async def _work_unless_stuck(self, until: "Callable[[Engine], bool] | None") -> None:
        """Works; a stop is heard even while a turn waits for a store that cannot be written."""
        work = asyncio.create_task(self._work(until), name="engine")
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=TICK_SECONDS * 10)
                if self._stopping and self._trouble is not None:
                    log.error("stopping although the store cannot be written")
                    return
            work.result()
        finally:
            work.cancel()

    async def _work(self, until: "Callable[[Engine], bool] | None") -> None:
        await self._start()
        while not self._stopping and not (until and until(self)):
            await self._tick()

    def stop(self) -> None:
        """Takes no more work; calls in flight get the grace period."""
        self._stopping = True
        self._wake.set()

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do now: nothing runs, nothing could be started."""
        return (
            not self._runs
            and not self._finisher.tasks
            and not queries.pending_commands(self._reader)
            and not queries.work_left(self._reader)
        )

    def batch_is_over(self, batch_id: int) -> bool:
        """Whether a batch has ended, or cannot go on until something is done about it."""
        batch = queries.batch(self._reader, batch_id)
        if batch is None or batch.is_over:
            return True
        return batch.state == "parked" and not self._runs and not self._finisher.tasks

    # -- opening and closing ------------------------------------------------------------------

    def _open(self, store: Store) -> None:
        settings = self._settings
        self._store = store
        self._writer: StoreWriter = store.writer(self._on_trouble)
        self._reader = store.reader()
        self._artifacts = ArtifactStore(self._paths.artifacts)
        self._pool = ComputePool(settings.engine.cpu_workers)
        self._hosts = ModelHosts(settings.hosts)
        self._host_board = HostStatusReporter(self._hosts, self._writer)
        self._progress = ProgressReporter(self._writer)
        self._projector = OutputWriter(store, self._paths, self._artifacts.stored, settings.outputs)
        bench = StepServices(
            self._writer,
            self._artifacts,
            self._pool,
            self._hosts,
            self._progress,
            self._lanes.of,
            settings.engine,
            settings.retry,
            purse=BudgetGuard(settings.budget),
        )
        self._steps = StepRunner(bench, self._projector.soon)
        self._jobs = JobRunner(
            self._writer,
            self._steps,
            self._projector,
            self._lanes.outputs,
            self._lanes.get,
            on_ending=self._wake.set,
        )
        self._finisher = BatchFinalizer(
            self._writer,
            self._reader,
            self._projector,
            lambda batch_id: self._batch_run(batch_id).recipe,
            self._batch_ended,
        )
        self._desk = CommandHandler(self._reader, self._writer.write, self, self._catalog)

    async def _start(self) -> None:
        pid, host, version, run_id = os.getpid(), socket.gethostname(), self._version, self._run_id
        self._id = await self._writer.write(
            lambda c: engine_writes.start_engine(c, pid, host, version, run_id)
        )
        recovered = await self._writer.write(job_writes.recover_jobs)
        for name in queries.parked_lanes(self._reader):
            self._lanes.named(name).try_again()
            await self._try_lane(name)
        self._sweeping = asyncio.create_task(asyncio.to_thread(self._artifacts.sweep))
        log.info("engine %d started, pid %d, %d jobs to go on with", self._id, pid, recovered)

    async def _close(self) -> None:
        for run in self._runs.values():
            run.stop("queued")
        await self._let_calls_finish()
        await self._wait_for([run.task for run in self._runs.values() if run.task])
        await self._wait_for(list(self._finisher.tasks))
        await self._projector.close()
        self._pool.close()
        self._hosts.close()
        if not self._store.is_in_place():
            await self._rescue_store()
        elif hasattr(self, "_id"):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self._writer.write(lambda c: engine_writes.stop_engine(c, self._id))
        await self._writer.close(patience=LAST_WRITES_SECONDS)
        self._reader.close()
        log.info("engine stopped")

    async def _rescue_store(self) -> None:
        """Saves what this process still sees of a store that is gone, its last results too."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._writer.write(lambda c: c.execute("SELECT 1"))  # after what is queued
        try:
            saved = await asyncio.to_thread(self._store.rescue, self._reader)
        except (OSError, sqlite3.Error) as error:
            log.error("what the store held cannot be saved: %s", error)  # noqa: TRY400 - said
        else:
            log.error("what the store held is saved as %s; it can take the store's place", saved)

    async def _let_calls_finish(self) -> None:
        """Lets calls in flight end within the grace period; what has no outcome then is cut."""
        deadline = time.monotonic() + self._settings.engine.grace_seconds
        while (calls := self._steps.calls_under_way) and time.monotonic() < deadline:
            await asyncio.wait(calls, timeout=min(0.2, max(0.0, deadline - time.monotonic())))
            self._progress.flush()
        for call in self._steps.calls_under_way:
            call.cancel()
        await self._wait_for(list(self._steps.calls_under_way))

    @staticmethod
    async def _wait_for(tasks: "Sequence[asyncio.Task[Any]]") -> None:
        if tasks:
            await asyncio.wait(tasks, timeout=10)

    def _on_trouble(self, sentence: str | None) -> None:
        if sentence and sentence != self._trouble:
            log.error("%s Finished results are kept in memory until it can be.", sentence)
        elif sentence is None and (was := self._trouble):
            log.info("the store can be written again")
            said = f"{was} What was finished meanwhile was kept in memory and is stored now."
            self._writer.write(
                lambda c: record_event(c, "store.back", level="warning", message=said)
            )
        self._trouble = sentence

    # -- the loop -----------------------------------------------------------------------------

    async def _tick(self) -> None:
        if self._trouble is None:
            await self._obey()
            await self._probe_lanes()
            await self._claim()
            self._finisher.begin()
            await self._housekeeping()
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK_SECONDS):
                await self._wake.wait()

    def _is_due(self, what: str, seconds: float) -> bool:
        """Whether something is to be done again, `seconds` after it was done last."""
        moment = time.monotonic()
        if moment < self._due.get(what, 0.0):
            return False
        self._due[what] = moment + seconds
        return True

    async def _obey(self) -> None:
        version = data_version(self._reader)
        if version == self._seen_version:
            return
        self._seen_version = version
        for command in queries.pending_commands(self._reader):
            log.info("command %d: %s %s", command.id, command.verb, command.targets)
            log.info("%s", await self._desk.carry_out(command))

    async def _claim(self) -> None:
        """Takes jobs for free places; those of jobs that are ending are free in the same commit."""
        taken = sum(not run.has_left for run in self._runs.values())
        free = self._settings.engine.jobs_in_flight - taken
        if free <= 0 or not queries.can_claim(self._reader):
            return
        jobs = await self._writer.write(lambda c: job_writes.claim_jobs(c, free))
        decided = job_queries.decisions(self._reader, [job.id for job in jobs])
        for job in jobs:
            await self._begin(job, decided[job.id])

    async def _begin(self, job: JobRow, decided: dict[str, list[Any]]) -> None:
        try:
            batch = self._batch_run(job.batch_id)
        except Blocked as error:
            reason, message = error.reason, f"{error.message} {error.remedy}"
            await self._writer.write(lambda c: job_writes.park_job(c, job, reason, None, message))
            return
        run = load_job(self._reader, job, batch, decided)
        self._runs[job.id] = run
        run.task = asyncio.create_task(self._jobs.run(run), name=f"job j{job.id}")
        run.task.add_done_callback(lambda _: self._ended(run))

    def _ended(self, run: JobState) -> None:
        if self._runs.get(run.job.id) is run:  # it may have been claimed again by now
            del self._runs[run.job.id]
        self._wake.set()

    def _batch_run(self, batch_id: int) -> BatchState:
        if batch_id not in self._batches:
            row = queries.batch(self._reader, batch_id)
            if row is None:
                raise StoreGone(f"Batch b{batch_id} is no longer in the store.")
            self._batches[batch_id] = load_batch(
                row, self._catalog, self._environment, self._settings.backends
            )
        return self._batches[batch_id]

    def _batch_ended(self, batch_id: int) -> None:
        self._batches.pop(batch_id, None)
        self._wake.set()

    async def _probe_lanes(self) -> None:
        for lane in self._lanes:
            if lane.probe():
                await self._try_lane(lane.name)
            elif lane.proved:
                lane.unblock()
                await self._release(lane.name)

    async def _try_lane(self, name: str) -> None:
        """Lets one parked job go on, to see whether its lane works now."""
        await self._writer.write(lambda c: job_writes.probe_lane(c, name))

    async def _release(self, lane: str) -> None:
        while await self._writer.write(lambda c: job_writes.release_parked(c, lane)):
            pass

    async def _housekeeping(self) -> None:
        if self._is_due("progress", FLUSH_SECONDS):
            self._progress.flush()
        if self._is_due("hosts", HOSTS_SECONDS):
            self._hosts.tick()
            self._host_board.flush()
        if self._is_due("lanes", LANES_SECONDS):
            rows = self._lanes.rows()
            self._writer.write(lambda c: engine_writes.report_lanes(c, rows))
        if self._is_due("heartbeat", HEARTBEAT_SECONDS):
            if not self._store.is_in_place():
                raise StoreGone(
                    f"{self._paths.store} was deleted or replaced underneath. What it held is "
                    f"saved beside its folder, as {self._paths.store.stem}-rescued.db."
                )
            self._writer.write(lambda c: engine_writes.see_engine(c, self._id, "running"))
        if self._is_due("history", 600):
            keep = self._settings.store.keep_events
            while await self._writer.write(lambda c: prune_events(c, keep)) >= 10_000:
                pass

    # -- what the desk asks of the running jobs -----------------------------------------------

    async def stop_jobs(self, batch_id: int, job_id: int | None, then: str) -> int:
        """Stops one running job, or all of a batch, at the step they are in."""
        runs = [
            run
            for run in self._runs.values()
            if run.job.batch_id == batch_id and job_id in {None, run.job.id}
        ]
        for run in runs:
            run.stop(then)
        await self._wait_for([run.task for run in runs if run.task])
        if then == "cancelled":  # a call may outlive its run, as that of a paused job does
            self._steps.abandon(batch_id, job_id)
        return len(runs)

    def reload(self) -> None:
        """Reads settings and environment again and lets blocked lanes try again."""
        self._settings = settings = read_settings(self._paths.root, self._overrides)
        self._environment = load_environment(self._paths.root, settings.given)
        self._steps.bench.engine_settings = settings.engine
        self._steps.bench.retry_settings = settings.retry
        self._steps.bench.purse.settings = settings.budget
        self._projector.settings = settings.outputs
        self._hosts.reload(settings.hosts)
        self._batches.clear()
        self._lanes.reload(settings)

    def change_lane(self, name: str, change: LaneChange) -> list[LaneRow]:
        """Changes lanes until the engine ends.

        Raises:
            UnknownLane: There is none of the name.
        """
        return [lane.row() for lane in self._lanes.change(name, change)]
