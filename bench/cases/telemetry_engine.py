"""The engine with and without watchers: a server whose metrics are scraped, and a span exporter.

Usage: python -m bench.cases.telemetry_engine JOBS IN_FLIGHT [watched | bare]

`bare` drops the triggers that keep the totals.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.cases.engine_steps import STEPS, WARM_UP
from bench.cases.telemetry_triggers import drop_triggers
from bench.machine import ROOT, emit
from bench.toys import BenchWorkspace
from engine.api.auth.issue import Wanted, issue
from engine.client.workspace import Workspace

LEAVES = ["artifact", "score"]
SCRAPE_SECONDS = 1.0
PATIENCE = 120.0


def _safelight(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "safelight", *arguments, "--workspace", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL)  # fmt: skip


@contextlib.contextmanager
def watched(folder: Path, spans: Path) -> Iterator[list[int]]:
    """Scrape a server each second, and follow spans; yields the sizes of the scrapes."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    token = issue(Workspace(folder), Wanted("bench", ("read",), None)).secret
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {token}"}
    )
    processes = [
        _safelight(folder, "api", "--port", str(port)),
        _safelight(folder, "spans", "export", "--follow", "--to", str(spans)),
    ]
    sizes: list[int] = []
    stopped = threading.Event()

    def scrape() -> None:
        while not stopped.wait(SCRAPE_SECONDS if sizes else 0.1):
            with contextlib.suppress(OSError), urllib.request.urlopen(request) as answer:
                sizes.append(len(answer.read()))

    scraper = threading.Thread(target=scrape)
    scraper.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not sizes or not spans.with_name(f"{spans.name}.cursor").exists():
            if time.monotonic() > deadline:
                raise RuntimeError("the watchers do not start")
            time.sleep(0.1)
        yield sizes
    finally:
        stopped.set()
        scraper.join()
        for process in processes:
            process.terminate()
            process.wait()


def _count(spans: Path, wanted: int) -> int:
    """Wait until a file has as many spans of steps as were done."""
    deadline = time.monotonic() + PATIENCE
    while (figures := spans.read_bytes().count(b'"safelight.step.fingerprint"')) < wanted:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{figures} of {wanted} spans")
        time.sleep(0.2)
    return figures


def measure(folder: Path, jobs: int, in_flight: int) -> dict[str, float]:
    """Steps a second, and processor time of this process a step."""
    workspace = BenchWorkspace(folder, in_flight=in_flight)
    workspace.queue(WARM_UP, name="warm-up", steps=STEPS, leaves=LEAVES)
    engine = workspace.engine()
    moments: list[tuple[float, float]] = []

    def over(running: object) -> bool:
        if not engine.is_idle:
            return False
        if not moments:
            workspace.queue(jobs, steps=STEPS, leaves=LEAVES)
        moments.append((time.perf_counter(), time.process_time()))
        return len(moments) > 1

    asyncio.run(engine.run(over))
    workspace.refuse_unfinished()
    (wall, cpu), (wall_then, cpu_then) = moments
    steps = STEPS * jobs
    return {
        "steps_s": steps / (wall_then - wall),
        "cpu_us": (cpu_then - cpu) / steps * 1e6,
    }


def main() -> None:
    jobs, in_flight = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="telemetry-") as name:
        folder, spans = Path(name) / "w", Path(name) / "spans.jsonl"
        folder.mkdir()
        store = BenchWorkspace(folder).store
        if "bare" in sys.argv:
            drop_triggers(store.path)
        if "watched" not in sys.argv:
            emit(**measure(folder, jobs, in_flight), spans=0)
            return
        with watched(folder, spans) as sizes:
            figures = measure(folder, jobs, in_flight)
            count = _count(spans, STEPS * (jobs + WARM_UP))
        emit(**figures, spans=count, scrapes=len(sizes), bytes=sizes[-1])


if __name__ == "__main__":
    main()
