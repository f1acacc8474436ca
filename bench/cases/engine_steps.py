"""Durable steps a second through the whole engine: queued from a file, claimed, run, written.

Usage: python -m bench.cases.engine_steps JOBS IN_FLIGHT [paid] [LEAVES...]
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import emit
from bench.toys import BenchWorkspace

STEPS = 3
WARM_UP = 20


def measure(folder: Path, jobs: int, in_flight: int, leaves: list[str], *, paid: bool) -> float:
    """Steps a second, from the first claimed job to the last finished one."""
    workspace = BenchWorkspace(folder, in_flight=in_flight, paid=paid)
    workspace.queue(WARM_UP, name="warm-up", steps=STEPS, leaves=leaves)
    engine = workspace.engine()
    moments: list[float] = []

    def over(running: object) -> bool:
        if not engine.is_idle:
            return False
        moments.append(time.perf_counter())
        if len(moments) == 1:
            workspace.queue(jobs, steps=STEPS, leaves=leaves)
            moments[0] = time.perf_counter()
            return False
        return True

    asyncio.run(engine.run(over))
    workspace.refuse_unfinished()
    return STEPS * jobs / (moments[1] - moments[0])


def main() -> None:
    jobs, in_flight, words = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    leaves = [word for word in words if word != "paid"] or ["artifact", "score"]
    with tempfile.TemporaryDirectory(prefix="engine-") as folder:
        rate = measure(Path(folder), jobs, in_flight, leaves, paid="paid" in words)
    emit(steps_s=rate, jobs=jobs, in_flight=in_flight)


if __name__ == "__main__":
    main()
