"""Run a batch in a process that kills itself: `python -m engine.testing.crash`.

The contract suites start it. A crash that is only simulated closes files and runs `finally` blocks;
SIGKILL does neither.
"""

import argparse
import asyncio
import functools
import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.client.ids import find_batch
from engine.client.workspace import Workspace
from engine.contract.backend import Backend, BackendFamily, Request
from engine.testing.catalog import MemoryCatalog

Moment = Literal["asked", "answered"]
"""When to kill: before a backend does anything, or before its result is stored."""

LEDGER = "calls.jsonl"
"""File of the workspace with one line per call that a backend answered."""

TIMEOUT_SECONDS = 120
"""Time after which a run is given up; never a measure of anything."""


@dataclass
class _Calls:
    """Calls of one process."""

    ledger: Path
    kill_at: int
    moment: Moment
    count: int = 0

    def pass_through(self, capability: str, method: Callable[..., Awaitable[Any]]) -> Any:
        """Return a method that records each call, and kills the process at one of them."""

        @functools.wraps(method)
        async def recorded(*arguments: Any) -> Any:
            self.count += 1
            is_last = self.count == self.kill_at
            if is_last and self.moment == "asked":
                os.kill(os.getpid(), signal.SIGKILL)
            result = await method(*arguments)
            self._write(capability, method.__name__, arguments)
            if is_last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return recorded

    def _write(self, capability: str, operation: str, arguments: tuple[Any, ...]) -> None:
        request = next(one for one in arguments if isinstance(one, Request))
        line = json.dumps([capability, operation, request.model_dump(mode="json")])
        with self.ledger.open("a") as file:
            file.write(line + "\n")


def run_until_killed(
    catalog: str, root: Path, batch: str, *, kill_at: int = 0, moment: Moment = "asked"
) -> bool:
    """Run a batch in a separate process; return whether the process was killed.

    Args:
        catalog: Function that returns a `MemoryCatalog`, as `module:function`.
        root: The workspace.
        batch: The batch's id.
        kill_at: Number of the call to kill it at, from 1; 0 to let it finish.
        moment: When to kill it.

    Raises:
        RuntimeError: It ended by an error; the message has what it printed.
    """
    command = [sys.executable, "-m", "engine.testing.crash", catalog, str(root), batch]
    ran = subprocess.run(  # noqa: S603 - our own interpreter and module
        [*command, str(kill_at), moment],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
        check=False,
    )
    if ran.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the run of {batch} ended with {ran.returncode}:\n{ran.stderr}")
    return ran.returncode != 0


def recorded_calls(root: Path) -> list[str]:
    """Return the calls that backends of a workspace answered, oldest first, as JSON."""
    ledger = root / LEDGER
    return ledger.read_text().splitlines() if ledger.exists() else []


def load_catalog(path: str) -> MemoryCatalog:
    """Return the catalog of a function `module:function`."""
    module, _, name = path.partition(":")
    found: MemoryCatalog = getattr(importlib.import_module(module), name)()
    return found


def _watch(catalog: MemoryCatalog, calls: _Calls) -> None:
    for family in list(catalog.all_families()):
        for backend in _backends_of(family):
            for name, method in inspect.getmembers(backend, inspect.iscoroutinefunction):
                setattr(backend, name, calls.pass_through(backend.info.capability, method))
            catalog.add(backend)


def _backends_of(family: BackendFamily) -> Iterator[Backend]:
    for factory in family.factories.values():
        yield factory(family.settings(), {})


def main() -> None:
    """Run a batch to its end, or to the call that kills this process."""
    parser = argparse.ArgumentParser()
    for name in ("catalog", "root", "batch"):
        parser.add_argument(name)
    parser.add_argument("kill_at", type=int)
    parser.add_argument("moment", choices=("asked", "answered"))
    given = parser.parse_args()
    catalog, root = load_catalog(given.catalog), Path(given.root)
    _watch(catalog, _Calls(root / LEDGER, given.kill_at, given.moment))
    workspace = Workspace(root, catalog=catalog)
    with workspace.reading() as connection:
        number = find_batch(connection, given.batch).id
    asyncio.run(workspace.attend(number, lambda _update: None))


if __name__ == "__main__":
    main()
