"""Jobs of one step against a backend of 200 ms, 50 calls in flight, beside the ideal time.

More jobs than calls are in flight (`engine.jobs_in_flight`), as an operator sets it for short
jobs: the next ones are claimed and wait at the lane while the others' ends are written.

Usage: python -m bench.cases.local_backend JOBS
"""

import asyncio
import math
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import emit
from bench.toys import BenchWorkspace
from engine.runtime.engine import Engine

IN_FLIGHT, JOBS_IN_FLIGHT, LATENCY = 50, 100, 0.2


def measure(folder: Path, jobs: int) -> float:
    """Seconds from the start of the engine to the end of the batch."""
    workspace = BenchWorkspace(folder, in_flight=IN_FLIGHT, latency=LATENCY, jobs=JOBS_IN_FLIGHT)
    workspace.queue(jobs, steps=1)
    engine, ended = workspace.engine(), list[float]()

    def over(running: Engine) -> bool:
        if running.is_idle:
            ended.append(time.perf_counter())
        return bool(ended)

    started = time.perf_counter()
    asyncio.run(engine.run(over))
    workspace.refuse_unfinished()
    return ended[0] - started


def main() -> None:
    jobs = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="local-") as folder:
        seconds = measure(Path(folder), jobs)
    emit(seconds=seconds, ideal=math.ceil(jobs / IN_FLIGHT) * LATENCY)


if __name__ == "__main__":
    main()
