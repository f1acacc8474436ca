"""Periodic duties of an engine: signs of life, progress, lanes, hosts, history."""

import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from functools import partial

from db.clock import ago
from db.queries.old_history import Keep
from db.store import Store
from db.writer import StoreWriter
from db.writes import engines as engine_writes
from db.writes.events import prune_events, record_event
from db.writes.old_history import Removed, last_to_remove, remove_old, remove_uploads
from db.writes.reopening import forget_temporary
from db.writes.webhooks import prune_deliveries
from engine.models.hosts.model_hosts import ModelHosts
from engine.runtime.alerts import Alerts
from engine.runtime.host_status import HostStatusReporter
from engine.runtime.lanes.lane_set import LaneSet
from engine.runtime.live_settings import LiveSettings
from engine.runtime.machines_watch import MachinesWatch
from engine.runtime.step.progress import ProgressReporter
from engine.runtime.store_gone import StoreGone
from engine.runtime.timings import EngineTimings
from engine.runtime.webhooks.sender import WebhookSender
from engine.text.figures import size as size_in_words
from engine.text.plural import pluralize

log = logging.getLogger(__name__)

SLICE = 10_000
"""Events that one transaction removes; fewer than these are the last ones."""

DELIVERIES = 10_000
"""Newest deliveries to webhooks to keep; older ones that have ended are removed."""

JOBS = 100
"""Jobs whose temporary files one transaction forgets, likewise."""


class Housekeeping:
    """Do each duty once it is due.

    Args:
        store: The store.
        writer: Its writer door.
        progress: Progress of the running steps.
        hosts: Processes that hold models.
        lanes: The engine's lanes.
        live: Settings of the workspace.
        timings: Intervals of the duties.
        alerts: The user's command for what happens.
        webhooks: Sends events to the addresses that want them.
    """

    def __init__(
        self,
        store: Store,
        writer: StoreWriter,
        progress: ProgressReporter,
        hosts: ModelHosts,
        lanes: LaneSet,
        live: LiveSettings,
        timings: EngineTimings,
        alerts: Alerts,
        webhooks: WebhookSender,
    ) -> None:
        self._store = store
        self._writer = writer
        self._progress = progress
        self._hosts = hosts
        self._host_board = HostStatusReporter(hosts, writer)
        self._machines = MachinesWatch(live, hosts)
        self._lanes = lanes
        self._live = live
        self._timings = timings
        self._alerts = alerts
        self._webhooks = webhooks
        self._due: dict[str, float] = {}
        self._looked: dict[str, int] = {}

    async def run(self, engine_id: int, *, draining: bool = False) -> None:
        """Do what is due.

        Args:
            engine_id: The engine's row.
            draining: True if the engine stops once its running jobs have ended.

        Raises:
            StoreGone: The store was deleted or replaced underneath.
        """
        timings = self._timings
        if self._is_due("progress", timings.progress):
            self._progress.flush()
        if self._is_due("hosts", timings.hosts):
            self._hosts.tick()
            self._host_board.flush()
        if self._is_due("machines", timings.machines):
            self._machines.look()
        if self._is_due("lanes", timings.lanes):
            rows = self._lanes.rows()
            self._writer.write(lambda c: engine_writes.report_lanes(c, rows))
        if self._is_due("heartbeat", timings.heartbeat):
            self._beat(engine_id, engine_writes.DRAINING if draining else "running")
            self._writer.store_times()
        if self._is_due("alerts", timings.alerts):
            await _attempt(self._alerts.look, "alerts")
            await _attempt(self._webhooks.look, "webhooks")
        if self._is_due("history", timings.history):
            await _attempt(self._prune, "old events")
        if self._is_due("temporary", timings.temporary):
            await _attempt(self._forget, "old temporary files")

    def _is_due(self, what: str, seconds: float) -> bool:
        """Return whether a duty is due again, `seconds` after the last time."""
        moment = time.monotonic()
        if moment < self._due.get(what, 0.0):
            return False
        self._due[what] = moment + seconds
        return True

    def _beat(self, engine_id: int, state: str) -> None:
        if not self._store.is_in_place():
            path = self._live.paths.store
            raise StoreGone(
                f"{path} was deleted or replaced underneath. What it held is saved beside its "
                f"folder, as {path.stem}-rescued.db."
            )
        self._writer.write(lambda c: engine_writes.see_engine(c, engine_id, state))

    async def _prune(self) -> None:
        keep = self._live.store.keep_events
        while await self._writer.write(lambda c: prune_events(c, keep)) >= SLICE:
            pass
        while await self._writer.write(lambda c: prune_deliveries(c, DELIVERIES)) >= SLICE:
            pass
        for kind, amount in self._live.store.history().items():
            await self._remove(kind, amount)
        kept, most = self._live.store.uploads()
        total = await self._writer.write(partial(remove_uploads, keep=kept, most_bytes=most))
        await self._record(total, f"{pluralize(total.rows, 'upload')} that no batch uses")

    async def _remove(self, kind: str, keep: Keep) -> None:
        """Remove old history of a kind, slice by slice, and say what that has freed."""
        total = Removed()
        last = await self._writer.write(partial(last_to_remove, kind=kind, keep=keep))
        while (after := self._looked.get(kind, 0)) < last:
            piece = await self._writer.write(partial(remove_old, kind=kind, after=after, last=last))
            total += piece
            self._looked[kind] = last if piece.last is None else piece.last
        await self._record(total, f"{pluralize(total.rows, 'row')} of old {kind}")

    async def _record(self, total: Removed, what: str) -> None:
        if total.rows:
            message = f"{what}: {size_in_words(total.size)}"
            log.info("removed %s", message)
            await self._writer.write(lambda c: record_event(c, "history.removed", message=message))

    async def _forget(self) -> None:
        before = ago(86_400 * self._live.store.keep_temporary_days)
        while await self._writer.write(lambda c: forget_temporary(c, before)) >= JOBS:
            pass


async def _attempt(duty: Callable[[], Awaitable[None]], subject: str) -> None:
    """Do a duty that can wait for its next time if it cannot be written now."""
    try:
        await duty()
    except sqlite3.Error as error:
        log.warning("%s are left until the next time: %s", subject, error)
