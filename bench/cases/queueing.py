"""Queueing while an engine works: how long, at what memory, and how much the engine is slowed.

The engine in this process works at a backend of 200 ms, 50 calls in flight; another process
queues.
Usage: python -m bench.cases.queueing JOBS SECONDS_ALONE
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import ROOT, emit
from bench.toys import BenchWorkspace

IN_FLIGHT, LATENCY, WORK = 50, 0.2, 1000


async def _queue(folder: Path, jobs: int) -> dict[str, Any]:
    command = ("-m", "bench.cases.queue_jobs", str(folder), str(jobs))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return dict(json.loads(said))


async def measure(folder: Path, jobs: int, alone: float) -> dict[str, Any]:
    workspace = BenchWorkspace(folder, in_flight=IN_FLIGHT, latency=LATENCY)
    workspace.queue(WORK, name="work", steps=1000)
    engine = workspace.engine()
    running = asyncio.create_task(engine.run())
    backend = workspace.backend
    await asyncio.sleep(2)
    calls, started = backend.calls, time.perf_counter()
    await asyncio.sleep(alone)
    before = (backend.calls - calls) / (time.perf_counter() - started)
    calls, started = backend.calls, time.perf_counter()
    found = await _queue(folder, jobs)
    during = (backend.calls - calls) / (time.perf_counter() - started)
    engine.stop()
    await running
    return {**found, "jobs": jobs, "before_s": before, "during_s": during}


def main() -> None:
    jobs, alone = int(sys.argv[1]), float(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="queueing-") as folder:
        emit(**asyncio.run(measure(Path(folder), jobs, alone)))


if __name__ == "__main__":
    main()
