"""Full speed for a long while: memory has to stay flat and the log bounded, with a reader beside.

Usage: python -m bench.cases.soak SECONDS
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import emit
from bench.toys import BenchWorkspace
from db.queries.history import data_version, events_after, last_event

BATCH = 2000
SAMPLE_SECONDS = 1.0
POLL_SECONDS = 0.05


def resident_mb() -> float:
    """This process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def size_of(path: Path) -> int:
    """Return a file's size, 0 if it does not exist."""
    return path.stat().st_size if path.exists() else 0


async def _look_on(workspace: BenchWorkspace) -> None:
    """Reads what is new twenty times a second, as the dashboard does."""
    reader = workspace.store.reader()
    seen = last_event(reader)
    try:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            data_version(reader)
            for event in events_after(reader, seen):
                seen = event.id
    finally:
        reader.close()


async def measure(folder: Path, seconds: float) -> dict[str, Any]:
    workspace = BenchWorkspace(folder)
    workspace.queue(BATCH, name="batch-0")
    engine = workspace.engine()
    looking = asyncio.create_task(_look_on(workspace))
    running = asyncio.create_task(engine.run())
    wal = Path(f"{workspace.store.path}-wal")
    memory, logs, batches = list[float](), list[int](), 1
    end = time.monotonic() + seconds
    while time.monotonic() < end and not running.done():
        await asyncio.sleep(SAMPLE_SECONDS)
        memory.append(resident_mb())
        logs.append(size_of(wal))
        if workspace.backend.calls > (batches - 0.5) * BATCH * 3:
            await asyncio.to_thread(workspace.queue, BATCH, name=f"batch-{batches}")
            batches += 1
    engine.stop()
    await running
    looking.cancel()
    return _summary(memory, logs, workspace.backend.calls)


def _summary(memory: list[float], logs: list[int], steps: int) -> dict[str, Any]:
    """Growth is between the second and the last quarter: what grows at first are caches."""
    quarter = max(1, len(memory) // 4)
    early, late = memory[quarter : 2 * quarter], memory[-quarter:]
    return {
        "steps": steps,
        "rss_mb": memory[-1],
        "grown_mb": statistics.median(late) - statistics.median(early),
        "wal_mb": max(logs) / 2**20,
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        emit(**asyncio.run(measure(Path(folder), float(sys.argv[1]))))


if __name__ == "__main__":
    main()
