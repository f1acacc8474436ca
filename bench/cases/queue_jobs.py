"""Queues jobs into a workspace that is there; how long it takes and how much memory.

Usage: python -m bench.cases.queue_jobs FOLDER JOBS
"""

import resource
import sys
import time
from pathlib import Path

from bench.machine import emit
from bench.toys import BenchWorkspace


def main() -> None:
    folder, jobs = Path(sys.argv[1]), int(sys.argv[2])
    workspace = BenchWorkspace(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    workspace.queue(jobs, name="many")
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    emit(seconds=seconds, peak_mb=peak / 1024, grown_mb=(peak - before) / 1024)


if __name__ == "__main__":
    main()
