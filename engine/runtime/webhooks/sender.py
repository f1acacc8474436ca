"""Delivery of events to webhooks, with retries over two hours.

An event's delivery is written in the event's own transaction. A sender claims it, sends it and
stores the outcome; where it is killed between, the delivery is due again after the claim, and the
receiver gets the same id twice. Several processes may be senders at once.
"""

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any

from db.clock import ago
from db.queries.callers import workspace_id
from db.queries.webhooks import due_deliveries
from db.rows import DeliveryRow, WebhookRow
from db.writes.events import record_event
from db.writes.webhooks import Outcome, claim_delivery, end_try, end_webhook, put_off
from engine.config.trust.webhook_hosts import UntrustedHost
from engine.contract.install import install_command
from engine.runtime.live_settings import LiveSettings
from engine.runtime.webhooks.permission import allowed_hosts
from engine.runtime.webhooks.post import SECONDS, Reply, post
from engine.runtime.webhooks.signing import NoSecret, headers_of, keys_of
from engine.runtime.webhooks.target import AllowedHosts, Target, WebhookRefused, target_of

log = logging.getLogger(__name__)

DELAYS = (5.0, 30.0, 120.0, 300.0, 900.0, 2_220.0, 3_600.0)
"""Seconds before each further try: two hours in all."""

MAX_AT_ONCE = 8
MAX_PER_WEBHOOK = 2
"""Deliveries under way, so that a slow receiver does not hold up the others."""

PUT_OFF_SECONDS = 300.0
"""Seconds until the next look at a delivery that cannot be tried, such as without a secret."""

_GONE = 410
_MAX_RETRY_AFTER = 3_600.0


Write = Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]]
"""Runs an operation in a write transaction of the store."""


class WebhookSender:
    """Sends the deliveries that are due.

    Args:
        write: Write transactions of the store.
        reader: A connection of the event loop's.
        live: Settings and environment of the workspace.
        seconds: Time that one try may take.
    """

    def __init__(
        self,
        write: Write,
        reader: sqlite3.Connection,
        live: LiveSettings,
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._write = write
        self._reader = reader
        self._live = live
        self._seconds = seconds
        self._tasks: set[asyncio.Task[None]] = set()
        self._per_webhook: Counter[int] = Counter()
        self._warned = ""

    async def look(self) -> None:
        """Start the deliveries that are due, as far as there is room."""
        room = MAX_AT_ONCE - len(self._tasks)
        busy = [id_ for id_, count in self._per_webhook.items() if count >= MAX_PER_WEBHOOK]
        if room <= 0:
            return
        for delivery_id, webhook_id in due_deliveries(self._reader, room, busy):
            if self._per_webhook[webhook_id] < MAX_PER_WEBHOOK:
                self._start(delivery_id, webhook_id)

    def _start(self, delivery_id: int, webhook_id: int) -> None:
        self._per_webhook[webhook_id] += 1
        task = asyncio.create_task(self._deliver(delivery_id), name=f"webhook {delivery_id}")
        self._tasks.add(task)

        def ended(task: "asyncio.Task[None]") -> None:
            self._tasks.discard(task)
            self._per_webhook[webhook_id] -= 1

        task.add_done_callback(ended)

    async def close(self) -> None:
        """Send what is due now once, and wait for what is under way; each has a limit of time."""
        try:
            await self.look()
            while self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                await self.look()
        finally:
            for task in self._tasks:
                task.cancel()

    async def _deliver(self, delivery_id: int) -> None:
        try:
            lease = ago(-(self._seconds * 2 + 1))
            claimed = await self._write(lambda c: claim_delivery(c, delivery_id, lease))
            if claimed is not None:
                await self._try(*claimed)
        except Exception:  # a receiver must not end the engine
            log.exception("webhook delivery %d", delivery_id)

    async def _try(self, delivery: DeliveryRow, webhook: WebhookRow) -> None:
        try:
            target = target_of(webhook.url)
            hosts, keys = self._permission(target)
        except (NoSecret, UntrustedHost, WebhookRefused) as error:
            await self._put_off(delivery, f"{error.message} {error.remedy}")
            return
        id_ = f"evt_{workspace_id(self._reader)[:12]}_{delivery.event_id}"
        body = delivery.body.encode()
        headers = headers_of(keys, id_, int(time.time()), body)
        reply = await post(target, hosts, headers, body, self._seconds)
        if reply.refused:
            await self._put_off(delivery, reply.error)
            return
        await self._settle(delivery, webhook, target, reply)

    def _permission(self, target: Target) -> tuple[AllowedHosts, list[bytes]]:
        """Return the hosts that are allowed, and the keys to sign with.

        Raises:
            WebhookRefused: The host is not named.
            UntrustedHost: Only a file of the workspace names it.
            NoSecret: There is nothing to sign with.
        """
        live = self._live
        if find_spec("httpx") is None:
            remedy = f"Run: {install_command(extra='api')}"
            raise NoSecret("Webhooks need the package httpx.", remedy=remedy)
        hosts = allowed_hosts(target, live.paths.root, live.settings, live.environment)
        return hosts, keys_of(live.environment)

    async def _put_off(self, delivery: DeliveryRow, reason: str) -> None:
        """Put a delivery off that cannot be tried now, and warn once of the reason."""
        until = ago(-PUT_OFF_SECONDS)
        await self._write(lambda c: put_off(c, delivery.id, until, reason))
        if reason != self._warned:
            self._warned = reason
            await self._warn("webhook.waits", reason)

    async def _settle(
        self, delivery: DeliveryRow, webhook: WebhookRow, target: Target, reply: Reply
    ) -> None:
        """Store what came of a try."""
        if reply.status == _GONE:
            reason = "The receiver answered 410: it is gone."
            await self._write(lambda c: end_webhook(c, webhook.id, reason))
            await self._warn("webhook.gone", f"{target.shown} wants no more events (410).")
            return
        outcome = outcome_of(reply, delivery.attempts)
        await self._write(lambda c: end_try(c, delivery.id, outcome))
        log.info("webhook %s: %s %s", target.shown, outcome.state, reply.status or reply.error)
        if outcome.state == "failed":
            why = reply.error or f"the last answer was {reply.status}"
            message = f"{target.shown} did not take a {delivery.type}: {why}"
            await self._warn("webhook.failed", message)

    async def _warn(self, type_: str, message: str) -> None:
        log.warning("%s", message)
        await self._write(lambda c: record_event(c, type_, level="warning", message=message))


def outcome_of(reply: Reply, attempts: int) -> Outcome:
    """Return the outcome of a try: delivered, or when the next one is due.

    Args:
        reply: What came of it.
        attempts: Number of tries, with this one.
    """
    if reply.status is not None and 200 <= reply.status < 300:
        return Outcome("delivered", ago(0), reply.status)
    error = reply.error or f"The receiver answered {reply.status}."
    if attempts > len(DELAYS):
        return Outcome("failed", ago(0), reply.status, error)
    delay = max(DELAYS[attempts - 1], min(reply.retry_after, _MAX_RETRY_AFTER))
    return Outcome("pending", ago(-delay), reply.status, error)
