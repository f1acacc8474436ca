"""Spans a second, from rows to a file of JSON lines.

Usage: python -m bench.cases.telemetry_spans STEPS
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from bench.cases.telemetry_scrape import fill
from bench.machine import emit
from db.store import Store
from engine.telemetry.run import Wanted, export_once


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="spans-") as folder:
        store = Store.create(Path(folder) / "bench.db", created_by="bench")
        fill(store, int(sys.argv[1]))
        before, started = time.process_time(), time.perf_counter()
        total = export_once(store, Wanted(to=Path(folder) / "spans.jsonl"), print)
        cpu, wall = time.process_time() - before, time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    emit(spans=total.spans, spans_s=total.spans / wall, cpu_us=cpu / total.spans * 1e6,
         peak_mb=peak)  # fmt: skip


if __name__ == "__main__":
    main()
