"""An engine at full speed in a workspace, with new batches for as long as it runs.

Usage: python -m bench.cases.full_speed FOLDER SECONDS
"""

import asyncio
import sys
import time
from pathlib import Path

from bench.machine import emit
from bench.toys import BenchWorkspace

BATCH = 50_000
"""Jobs of a batch: so many that the number of batches stays small, and only time passes."""
STEPS = 3
"""Steps of each job."""

LOOK_SECONDS = 1.0


async def run(folder: Path, seconds: float) -> int:
    """Run jobs for some seconds; return the number of steps."""
    workspace = BenchWorkspace(folder)
    workspace.queue(BATCH, name="batch-0")
    engine = workspace.engine()
    running = asyncio.create_task(engine.run())
    batches, end = 1, time.monotonic() + seconds
    while time.monotonic() < end and not running.done():
        await asyncio.sleep(LOOK_SECONDS)
        if workspace.backend.calls > (batches - 0.5) * BATCH * STEPS:
            await asyncio.to_thread(workspace.queue, BATCH, name=f"batch-{batches}")
            batches += 1
    engine.stop()
    await running
    return workspace.backend.calls


def main() -> None:
    emit(steps=asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2]))))


if __name__ == "__main__":
    main()
