"""An engine while it holds its workspace: everything that needs the store, and the loop."""

import asyncio
import contextlib
import logging
import os
import socket
import sqlite3
from collections.abc import Callable, Collection
from typing import Any

from db.queries import batches as queries
from db.queries.controls import is_paused
from db.queries.history import data_version
from db.rows import LaneRow
from db.store import Store
from db.writes import engines as engine_writes
from db.writes import jobs as job_writes
from db.writes.events import record_event
from engine.contract.recipe import Catalog
from engine.models.hosts.links.by_name import compute_machines
from engine.models.hosts.model_hosts import ModelHosts
from engine.runtime.alerts import Alerts
from engine.runtime.background import Background
from engine.runtime.batch_work import BatchWork
from engine.runtime.commands import CommandHandler
from engine.runtime.deletion import Deletion
from engine.runtime.engine_name import EngineName
from engine.runtime.housekeeping import Housekeeping
from engine.runtime.job.batches import BatchCache
from engine.runtime.job.runner import JobRunner
from engine.runtime.job.scheduler import JobScheduler
from engine.runtime.lanes.lane_set import LaneChange, LaneSet
from engine.runtime.lanes.probing import LaneProber
from engine.runtime.live_settings import LiveSettings
from engine.runtime.loop_control import LoopControl
from engine.runtime.objects.opening import artifacts_of
from engine.runtime.output_writer import OutputWriter
from engine.runtime.process_pool import ComputePool
from engine.runtime.signing import Signer
from engine.runtime.step.budget import BudgetGuard
from engine.runtime.step.progress import ProgressReporter
from engine.runtime.step.runner import StepRunner
from engine.runtime.step.services import StepServices
from engine.runtime.step.uploads import Uploads
from engine.runtime.store_gone import rescue
from engine.runtime.sweeping import keep_sweeping
from engine.runtime.thumbnailer import Thumbnailer
from engine.runtime.timings import EngineTimings
from engine.runtime.webhooks.sender import WebhookSender

log = logging.getLogger(__name__)


class Session:
    """The parts of an engine that exist only while it holds the workspace, and its loop.

    Args:
        live: Settings and environment of the workspace.
        catalog: Recipes and backends.
        store: The store.
        control: Wakes the loop, and asks it to stop.
        name: Name of the engine in its row.
        timings: Intervals and patience.
        signer: Returns the signing of outputs.

    Attributes:
        lanes: The engine's lanes.
        jobs: The jobs that run.
        trouble: Why the store cannot be written now, as a sentence; None if it can.
    """

    def __init__(
        self,
        live: LiveSettings,
        catalog: Catalog,
        store: Store,
        control: LoopControl,
        name: EngineName,
        timings: EngineTimings,
        signer: Signer,
    ) -> None:
        settings = live.settings
        self.trouble: str | None = None
        self._engine_id = 0  # until its row is written
        self._seen_version = -1
        self._live = live
        self._store = store
        self._control = control
        self._name = name
        self._timings = timings
        self._writer = store.writer(self._on_trouble)
        self._reader = store.reader()
        self._artifacts = artifacts_of(live.paths, settings)
        machines, refused = live.machines()
        far = compute_machines(machines, settings.hosts)
        self._pool = ComputePool(settings.engine.cpu_workers, far)
        self._thumbnailer = Thumbnailer(
            self._pool, self._artifacts, live.paths.thumbnails, timings.thumbnails
        )
        self._hosts = ModelHosts(settings.hosts, self._count_queued, machines, refused)
        self._progress = ProgressReporter(self._writer)
        self._signer = signer
        self._outputs = OutputWriter(
            store,
            live.paths,
            self._artifacts.stored,
            settings.outputs,
            signer(settings, self._artifacts.stored),
        )
        self._batches = BatchCache(self._reader, catalog, live)
        self.lanes = LaneSet(settings)
        self._uploads = Uploads(self._artifacts, self.lanes, settings.retry)
        self._prober = LaneProber(self.lanes, self._writer)
        self._steps = StepRunner(self._services(), self._outputs.schedule)
        self._batch_work = BatchWork(
            self._writer, self._reader, self._steps, self._outputs, self._batches, control.wake
        )
        self.jobs = JobScheduler(
            self._reader,
            self._writer,
            self._job_runner(),
            self._batches,
            self._batch_work.job_ended,
        )
        self._commands = CommandHandler(self._reader, self._writer.write, self, catalog)
        self._alerts = Alerts(self._writer, self._reader, live)
        self._webhooks = WebhookSender(self._writer.write, self._reader, live)
        self._housekeeping = Housekeeping(
            store,
            self._writer,
            self._progress,
            self._hosts,
            self.lanes,
            live,
            timings,
            self._alerts,
            self._webhooks,
        )
        self._background = Background(
            self._reader,
            self._writer,
            Deletion(store, live.paths, catalog, self._outputs.forget_signed, self._artifacts),
            lambda: self._is_busy or self._steps.is_calling(),
        )

    def _count_queued(self) -> int:
        return queries.count_queued(self._reader)

    def _services(self) -> StepServices:
        settings = self._live.settings
        return StepServices(
            self._writer,
            self._artifacts,
            self._pool,
            self._hosts,
            self._progress,
            self.lanes.of,
            settings.engine,
            settings.retry,
            self._thumbnailer,
            self._uploads,
            budget=BudgetGuard(settings.budget),
        )

    def _job_runner(self) -> JobRunner:
        return JobRunner(
            self._writer,
            self._steps,
            self._outputs,
            self.lanes.outputs,
            self.lanes.get,
            on_ending=self._control.wake,
        )

    # -- the loop -----------------------------------------------------------------------------

    async def run(self, is_over: Callable[[], bool]) -> None:
        """Work until the engine is asked to stop, or `is_over` returns True at a turn.

        Raises:
            StoreGone: The store was deleted or replaced underneath.
        """
        try:
            await self._work_unless_stuck(is_over)
        finally:
            await self._close()

    async def _work_unless_stuck(self, is_over: Callable[[], bool]) -> None:
        """Work; a stop is heard even while a turn waits for a store that cannot be written."""
        work = asyncio.create_task(self._work(is_over), name="engine")
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=self._timings.turn * 10)
                if self._control.is_stopping and self.trouble is not None:
                    log.error("stopping although the store cannot be written")
                    return
            work.result()
        finally:
            work.cancel()

    async def _work(self, is_over: Callable[[], bool]) -> None:
        await self._start()
        sweeping = asyncio.create_task(
            keep_sweeping(self._artifacts, self._outputs.signing, self._timings.sweep)
        )
        try:
            while not self._control.is_stopping and not is_over():
                await self._turn()
        finally:
            sweeping.cancel()  # a look that has begun is left to its thread

    async def _start(self) -> None:
        pid, host, name = os.getpid(), socket.gethostname(), self._name
        self._engine_id = await self._writer.write(
            lambda c: engine_writes.start_engine(c, pid, host, name.version, name.run_id)
        )
        recovered = await self._writer.write(job_writes.recover_jobs)
        await self._prober.start(queries.parked_lanes(self._reader))
        log.info("engine %d started, pid %d, %d jobs resumed", self._engine_id, pid, recovered)

    async def _turn(self) -> None:
        if self.trouble is None:
            await self._process_commands()
            await self._prober.probe(self._hosts.take_news())
            await self._take_work()
            await self._housekeeping.run(self._engine_id, draining=self._control.is_draining)
            await self._background.run()
        await self._control.pause(self._timings.turn)

    async def _process_commands(self) -> None:
        version = data_version(self._reader)
        if version == self._seen_version:
            return
        self._seen_version = version
        for command in queries.pending_commands(self._reader):
            log.info("command %d: %s %s", command.id, command.verb, command.targets)
            log.info("%s", await self._commands.carry_out(command))

    async def _take_work(self) -> None:
        """Take what there is to do, unless everything is paused or the engine is to stop soon."""
        if is_paused(self._reader):
            if self._control.is_draining:
                self._stop_if_drained()
            return
        if self._control.is_draining:
            self._batch_work.finish()
            self._stop_if_drained()
            return
        self._batch_work.start()
        await self.claim()
        self._batch_work.finish()

    def _stop_if_drained(self) -> None:
        if not self._is_busy:
            log.info("what ran has ended")
            self._control.stop()

    async def claim(self) -> None:
        """Take jobs for the places that are free now."""
        await self.jobs.claim(self._live.engine.jobs_in_flight)

    def _on_trouble(self, sentence: str | None) -> None:
        if sentence and sentence != self.trouble:
            log.error("%s Finished results are kept in memory until it can be.", sentence)
        elif sentence is None and (was := self.trouble):
            log.info("the store can be written again")
            message = f"{was} What was finished meanwhile was kept in memory and is stored now."
            self._writer.write(
                lambda c: record_event(c, "store.back", level="warning", message=message)
            )
        self.trouble = sentence

    # -- whether there is work ----------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """True if nothing runs and nothing could be started."""
        return (
            not self._is_busy
            and not queries.pending_commands(self._reader)
            and not queries.work_left(self._reader)
        )

    @property
    def _is_busy(self) -> bool:
        return bool(self.jobs.runs) or self._batch_work.is_busy

    def batch_is_over(self, batch_id: int) -> bool:
        """Return whether a batch has ended, or waits until something is done about it."""
        batch = queries.batch(self._reader, batch_id)
        if batch is None or batch.is_over:
            return True
        return batch.state == "parked" and not self._is_busy

    # -- what commands ask of the running jobs ------------------------------------------------

    async def stop_jobs(self, batch_id: int, job_id: int | None, then: str) -> int:
        """Stop one running job, or all of a batch, at the step they are in; return how many."""
        stopped = self.jobs.stop(then, batch_id, job_id)
        starting = [] if job_id is not None else self._batch_work.stop_start(batch_id)
        await _ended([*stopped, *starting], self._timings.jobs)
        if then == "cancelled":  # a call may outlive its run, as that of a paused job does
            self._steps.abandon(batch_id, job_id)
        return len(stopped)

    async def put_back_all(self) -> int:
        """Stop every job, and the first steps of batches, at the step; return how many jobs."""
        stopped = self.jobs.stop("queued")
        await _ended([*stopped, *self._batch_work.stop_start(None)], self._timings.jobs)
        return len(stopped)

    def drain(self) -> int:
        """Take nothing new, and stop once the running jobs have ended; return how many run."""
        self._control.drain()
        engine_id = self._engine_id
        self._writer.write(lambda c: engine_writes.see_engine(c, engine_id, engine_writes.DRAINING))
        return len(self.jobs.runs)

    def is_calling(self, batch_id: int) -> bool:
        """Return True if a call of a batch is in flight, also one that has outlived its job."""
        return self._steps.is_calling(batch_id)

    def reload(self) -> None:
        """Read settings and environment again and let blocked lanes try again."""
        settings = self._live.reload()
        self._steps.reload(settings)
        self._outputs.settings = settings.outputs
        self._outputs.signing = self._signer(settings, self._artifacts.stored)
        self._hosts.reload(settings.hosts, *self._live.machines())
        self._batches.clear()
        self.lanes.reload(settings)

    def change_lane(self, name: str, change: LaneChange) -> list[LaneRow]:
        """Change lanes until the engine ends.

        Raises:
            UnknownLane: There is none of the name.
        """
        return [lane.row() for lane in self.lanes.change(name, change)]

    # -- the end ------------------------------------------------------------------------------

    async def _close(self) -> None:
        timings = self._timings
        jobs = [*self.jobs.stop("queued"), *self._batch_work.stop()]
        grace = self._live.engine.grace_seconds
        await self._steps.finish_calls(grace, timings.calls)
        await self._uploads.close()
        await _ended(jobs, timings.jobs)
        await _ended(self._batch_work.finishing, timings.batches)
        await self._outputs.close()
        await self._send_last_alerts()
        await self._send_last_webhooks()
        await self._thumbnailer.close()
        self._pool.close()
        self._hosts.close()
        await self._leave_the_store()
        await self._writer.close(patience=timings.writes)
        self._reader.close()
        log.info("engine stopped")

    async def _send_last_alerts(self) -> None:
        """Send what came since the last look, such as the end of the only batch."""
        if self.trouble is None and self._engine_id and self._store.is_in_place():
            with contextlib.suppress(TimeoutError, sqlite3.Error):
                async with asyncio.timeout(self._timings.row):
                    await self._alerts.look()
        await self._alerts.close()

    async def _send_last_webhooks(self) -> None:
        """Send what is due once, such as the end of the only batch; the rest stays in the store."""
        if self.trouble is None and self._engine_id and self._store.is_in_place():
            with contextlib.suppress(TimeoutError, sqlite3.Error):
                async with asyncio.timeout(self._timings.webhooks):
                    await self._webhooks.close()

    async def _leave_the_store(self) -> None:
        if not self._store.is_in_place():
            await rescue(self._store, self._writer, self._reader, self._timings.row)
        elif self._engine_id:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timings.row):
                    await self._writer.write(
                        lambda c: engine_writes.stop_engine(c, self._engine_id)
                    )


async def _ended(tasks: "Collection[asyncio.Task[Any]]", seconds: float) -> None:
    """Wait until tasks have ended, for some seconds at most."""
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)
