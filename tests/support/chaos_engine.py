"""An engine in a process of its own, which ends itself at a given commit.

`CHAOS_KILL=before:N` or `after:N` in the environment kills the process (SIGKILL) before or after
its N-th commit. With `--nursery` the process imports everything once and forks an engine for each
line `WORKSPACE PORT KILL` on standard input, since a hundred starts of Python take minutes; it
answers `pid N` as the engine begins and `status N` as it has ended. A line `import MODULE` has it
import more for the engines after it. In the usual run such engines start no worker processes.
"""

import argparse
import asyncio
import importlib
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

import db.store
from db.writer import StoreWriter
from engine.config.paths import WorkspacePaths
from engine.config.process.signals import signals
from engine.config.settings import read_settings
from engine.runtime.engine import Engine
from engine.runtime.lock import WorkspaceBusy
from engine.runtime.signing import unsigned
from tests.support.chaos_recipe import ChaosCatalog
from tests.support.effort import ROUNDS
from tests.support.one_process import compute_here

TOLD = "told.txt"
"""File of the request ids that the runtime has said to be durable."""

SETTINGS = {
    "engine": {"cpu_workers": 1, "jobs_in_flight": 4, "grace_seconds": 20},
    "retry": {"wait_initial": 0.01, "wait_max": 0.01, "wait_jitter": 0.0, "tries": 5},
}


class KillingConnection(sqlite3.Connection):
    """A connection that ends its process at its N-th commit."""

    commits = 0
    when, at = "", 0

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if sql != "COMMIT":
            return super().execute(sql, *args)
        kind = type(self)
        kind.commits += 1
        self._perhaps_die("before")
        cursor = super().execute(sql)
        self._perhaps_die("after")
        return cursor

    def _perhaps_die(self, moment: str) -> None:
        if (self.when, self.at) == (moment, self.commits):
            os.kill(os.getpid(), signal.SIGKILL)


class KillingWriter(StoreWriter):
    """The writer's door with such a connection."""

    def __init__(self, path: Path, *args: Any) -> None:
        connect = sqlite3.connect

        def killing(*values: Any, **names: Any) -> Any:
            return connect(*values, factory=KillingConnection, **names)

        setattr(sqlite3, "connect", killing)  # noqa: B010 - put back below
        try:
            super().__init__(path, *args)
        finally:
            setattr(sqlite3, "connect", connect)  # noqa: B010


async def work(workspace: Path, port: int, until_idle: bool) -> int:
    """Runs the engine; returns the process's exit status."""
    settings = read_settings(workspace, SETTINGS)
    paths, catalog = WorkspacePaths(workspace), ChaosCatalog(port, workspace / TOLD)
    engine = Engine(paths, settings, catalog, version="0", run_id="chaos", signer=unsigned)
    with signals(engine.stop) as came:
        try:
            await engine.run((lambda e: e.is_idle) if until_idle else None)
        except WorkspaceBusy as error:
            print(error, flush=True)
            return 9
        return 128 + came() if came() else 0


def kill_at(where: str) -> None:
    """Arranges for this process to end at a commit, `before:N` or `after:N`."""
    KillingConnection.when, _, at = where.partition(":")
    KillingConnection.at = int(at)
    setattr(db.store, "StoreWriter", KillingWriter)  # noqa: B010 - this process is for nothing else


def nursery() -> None:
    """Forks an engine for each line that comes, one after the other."""
    if ROUNDS == 1:
        compute_here(pytest.MonkeyPatch())
    for line in sys.stdin:
        if line.startswith("import "):
            importlib.import_module(line.split()[1])
            continue
        workspace, port, where = line.split()
        child = os.fork()
        if child == 0:
            os.setsid()
            print(f"pid {os.getpid()}", flush=True)
            kill_at(where)
            os._exit(asyncio.run(work(Path(workspace), int(port), until_idle=True)))
        print(f"status {os.waitpid(child, 0)[1]}", flush=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workspace", type=Path, nargs="?")
    parser.add_argument("port", type=int, nargs="?")
    parser.add_argument("--until-idle", action="store_true")
    parser.add_argument("--nursery", action="store_true")
    options = parser.parse_args()
    if options.nursery:
        nursery()
        return 0
    kill_at(os.environ.get("CHAOS_KILL", ":0"))
    return asyncio.run(work(options.workspace, options.port, options.until_idle))


if __name__ == "__main__":
    sys.exit(main())
