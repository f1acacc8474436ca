"""Alerts: a command of the user's that is run when something needs them, each event at most once.

Webhooks that want alerts get them by an event, which is written as the alert is recorded.

The command is run without a shell. What happened is on its standard input as JSON, and in its
environment. Which alert is due is decided and recorded in one transaction before it is run: an
engine that is killed between the two loses that alert and repeats none.
"""

import asyncio
import contextlib
import json
import logging
import os
import shlex
import signal
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from db.queries.controls import control
from db.writer import StoreWriter
from db.writes.alerts import (
    ALERTED,
    Alert,
    AlertRules,
    due_alerts,
    forget_position,
    newest_alarming,
    webhooks_want_alerts,
)
from db.writes.events import record_event
from engine.config.alert_settings import AlertSettings
from engine.runtime.live_settings import LiveSettings
from engine.text.terminal import clean, quoted

log = logging.getLogger(__name__)

MAX_AT_ONCE = 4
"""Commands of alerts that run at the same time; more wait."""


class Alerts:
    """Runs the user's command for what happens in an engine's workspace.

    Args:
        writer: The store's writer door.
        reader: A connection of the event loop's.
        live: Settings of the workspace.
    """

    def __init__(self, writer: StoreWriter, reader: sqlite3.Connection, live: LiveSettings) -> None:
        self._writer = writer
        self._reader = reader
        self._live = live
        self._seen = -1
        self._refused = ""
        self._running: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MAX_AT_ONCE)

    async def look(self) -> None:
        """Record the alerts that are due since the last look, and start the command for each."""
        settings = self._live.settings.alerts
        runs = bool(settings.command) and await self._is_allowed(settings.command)
        if not runs and not webhooks_want_alerts(self._reader):
            if self._seen >= 0 or control(self._reader, ALERTED) is not None:
                self._seen = -1
                await self._writer.write(forget_position)
            return
        newest = newest_alarming(self._reader, max(0, self._seen))
        if self._seen >= 0 and newest <= self._seen:
            return
        rules = AlertRules(
            frozenset(settings.on), settings.error_rate, settings.min_jobs, settings.every_minutes
        )
        for alert in await self._writer.write(lambda c: due_alerts(c, rules)):
            if not runs:
                continue
            task = asyncio.create_task(self._run(settings, alert), name=f"alert {alert.kind}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        self._seen = int(control(self._reader, ALERTED) or 0)

    async def _is_allowed(self, command: str) -> bool:
        """Return True if the user has allowed the command; say once that it is not run."""
        if self._live.allows(command):
            return True
        if self._refused != command:
            self._refused = command
            message = (
                f"The alert command {quoted(command, 200)} is not run: only this workspace's files "
                "name it. If it is right: safelight trust"
            )
            log.warning("%s", message)
            await self._writer.write(
                lambda c: record_event(c, "alert.untrusted", level="warning", message=message)
            )
        return False

    async def close(self) -> None:
        """Wait for the commands that run; each has a limit of time."""
        if self._running:
            await asyncio.wait(self._running)

    async def _run(self, settings: AlertSettings, alert: Alert) -> None:
        try:
            async with self._room:
                trouble = await run_command(
                    settings, document_of(alert, str(self._live.paths.root))
                )
        except Exception as error:  # an alert must not end the engine
            log.exception("alert %s", alert.kind)
            trouble = f"{type(error).__name__}: {error}"
        if trouble:
            message = f"The alert command for {alert.kind} failed: {clean(trouble, 300)}"
            log.warning("%s", message)
            await self._writer.write(
                lambda c: record_event(
                    c, "alert.failed", batch_id=alert.batch, level="warning", message=message
                )
            )


def document_of(alert: Alert, root: str) -> dict[str, Any]:
    """Return an alert as the command gets it."""
    return {"version": 1, **asdict(alert), "batch": f"b{alert.batch}", "workspace": root}


def environment_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of the command: the engine's, and the alert's plain facts, cleaned."""
    names = ("kind", "batch", "name", "message", "workspace")
    facts = {f"SAFELIGHT_ALERT_{name.upper()}": clean(str(document[name]), 500) for name in names}
    return {**os.environ, **facts}


async def run_command(settings: AlertSettings, document: Mapping[str, Any]) -> str:
    """Run the command with an alert; return what went wrong, empty if nothing did."""
    try:
        words = shlex.split(settings.command)
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment_of(document),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"it cannot be run: {error}"
    try:
        async with asyncio.timeout(settings.seconds):
            await process.communicate(json.dumps(document).encode())
    except TimeoutError:
        _kill_group(process.pid)
        await process.wait()
        return f"it took longer than {settings.seconds:g} s"
    except (BrokenPipeError, ConnectionResetError):
        await process.wait()  # it does not read what it is given
    return "" if process.returncode == 0 else f"it ended with code {process.returncode}"


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
