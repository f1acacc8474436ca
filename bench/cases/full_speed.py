"""An engine at full speed in a workspace, with new batches, until its input ends.

It prints a line once its first batch is queued, and one with the number of steps at its end.

Usage: python -m bench.cases.full_speed FOLDER
"""

import asyncio
import sys
from pathlib import Path

from bench.machine import emit
from bench.toys import BenchWorkspace

BATCH = 50_000
"""Jobs of a batch: so many that the number of batches stays small, and only time passes."""
STEPS = 3
"""Steps of each job."""

LOOK_SECONDS = 1.0


async def run(folder: Path) -> int:
    """Run jobs until the input ends; return the number of steps."""
    workspace = BenchWorkspace(folder)
    workspace.queue(BATCH, name="batch-0")
    emit(queued=BATCH)
    engine = workspace.engine()
    running = asyncio.create_task(engine.run())
    wanted = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    batches = 1
    while not wanted.done() and not running.done():
        await asyncio.wait([wanted, running], timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED")
        if workspace.backend.calls > (batches - 0.5) * BATCH * STEPS:
            await asyncio.to_thread(workspace.queue, BATCH, name=f"batch-{batches}")
            batches += 1
    engine.stop()
    await running
    return workspace.backend.calls


def main() -> None:
    emit(steps=asyncio.run(run(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
