"""Run a batch in a process that kills itself: `python -m engine.testing.crash`.

The contract suites start it. A crash that is only simulated closes files and runs `finally` blocks;
SIGKILL does neither.
"""

import asyncio
import atexit
import contextlib
import functools
import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from engine.client.ids import find_batch
from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.contract.backend import Backend, BackendFamily, Request

Moment = Literal["asked", "answered"]
"""When to kill: before a backend does anything, or before its result is stored."""

LEDGER = "calls.jsonl"
"""File of the workspace with one line per call that a backend answered."""

PRINTED = "printed.txt"
"""File of the workspace with what its last run printed."""

IMPORTED_BY_RUNS = ("engine.client.follow", "engine.runtime.engine", "PIL.PngImagePlugin")
"""Modules that are otherwise imported late."""

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
    run = {
        "catalog": catalog,
        "root": str(root.absolute()),
        "batch": batch,
        "kill_at": kill_at,
        "moment": moment,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
    }
    path = os.pathsep.join(part for part in sys.path if part)
    status = _nursery(path).run(run)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status:
        ended = os.waitstatus_to_exitcode(status)
        printed = (root / PRINTED).read_text(errors="replace")
        raise RuntimeError(f"the run of {batch} ended with {ended}:\n{printed}")
    return False


class _Nursery:
    """A process that has imported everything, and forks another for each run of any catalog.

    Most of a short run would be the imports of a fresh interpreter.
    """

    def __init__(self, path: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine.testing.crash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": path},
        )

    def run(self, run: dict[str, Any]) -> int:
        """Run a batch; return the status that its process ended with.

        Raises:
            RuntimeError: The catalog cannot be loaded; the message has what was printed.
        """
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(run) + "\n")  # type: ignore[union-attr]
        if answer := self._process.stdout.readline():  # type: ignore[union-attr]
            return int(answer)
        _nursery.cache_clear()
        raise RuntimeError(f"no run can be started:\n{self._process.communicate()[1]}")

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@functools.cache
def _nursery(path: str) -> _Nursery:
    """Return the nursery of a search path for modules; it ends with this process."""
    nursery = _Nursery(path)
    atexit.register(nursery.close)
    return nursery


def recorded_calls(root: Path) -> list[str]:
    """Return the calls that backends of a workspace answered, oldest first, as JSON."""
    ledger = root / LEDGER
    return ledger.read_text().splitlines() if ledger.exists() else []


def load_catalog(path: str) -> MemoryCatalog:
    """Return the catalog of a function `module:function`."""
    module, _, name = path.partition(":")
    catalog: MemoryCatalog = getattr(importlib.import_module(module), name)()
    return catalog


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
    """Fork a process for each run that is asked for on standard input; answer how it ended."""
    for module in IMPORTED_BY_RUNS:
        importlib.import_module(module)
    for line in sys.stdin:
        run = json.loads(line)
        load_catalog(run["catalog"])
        child = os.fork()
        if child == 0:
            _run_forked(run)
        print(os.waitpid(child, 0)[1], flush=True)  # noqa: T201 - the answer


def _run_forked(run: dict[str, Any]) -> NoReturn:
    """Run a batch to its end, or to the call that kills this process."""
    signal.alarm(TIMEOUT_SECONDS)
    status = 1
    try:
        os.chdir(run["folder"])
        os.environ.clear()
        os.environ.update(run["environment"])
        root = Path(run["root"])
        printed = os.open(root / PRINTED, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for number in (1, 2):
            os.dup2(printed, number)
        _run(load_catalog(run["catalog"]), root, run)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the suite shows it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def _run(catalog: MemoryCatalog, root: Path, run: dict[str, Any]) -> None:
    _watch(catalog, _Calls(root / LEDGER, run["kill_at"], run["moment"]))
    workspace = Workspace(root, catalog=catalog)
    with workspace.reading() as connection:
        number = find_batch(connection, run["batch"]).id
    asyncio.run(workspace.attend(number, lambda _update: None))


if __name__ == "__main__":
    main()
