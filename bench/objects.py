"""Files in an object store: steps a second beside the local folder, memory with a large file."""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures import Figure, at_most
from bench.machine import ROOT, measured

LATENCY = 20
"""Milliseconds of each answer of the store."""

IN_FLIGHT = 50


def objects(*, long: bool) -> list[Figure]:
    """Steps that each leave a file of their own, and a file of 3 GB."""
    rounds, jobs = (3, 300) if long else (1, 60)
    with _sink(LATENCY) as environment:
        rates = [_rate(jobs, {}) for _ in range(rounds)]
        far = {
            width: [_rate(jobs, {**environment, "SAFELIGHT_ARTIFACTS__UPLOADS": str(width)})
                    for _ in range(rounds)]
            for width in (8, 32)
        }  # fmt: skip
    local = statistics.median(rates)
    table = [Figure("steps a second, each with a file of its own, local", f"{local:.0f}/s")]
    table += [
        Figure(
            f"the same at an S3 server with {LATENCY} ms, {width} uploads at once",
            f"{statistics.median(rate):.0f}/s; the latency allows {width * 1000 // LATENCY}/s",
        )
        for width, rate in far.items()
    ]
    mib = 3000 if long else 300
    with _sink(0) as environment:
        figures = measured("object_file", mib, environment=environment)
    table.append(
        at_most(
            f"peak memory, a file of {mib} MiB there and back",
            float(figures["peak_mib"]),
            200,
            "{:.0f} MiB",
            " MiB",
        )
    )
    words = "{cpu_s:.1f} s CPU, {wall_s:.1f} s; 1 kB from its middle in {seek_s:.2f} s"
    table.append(Figure("the same: time of the upload", words.format(**figures)))
    return table


def _rate(jobs: int, environment: dict[str, str]) -> float:
    figures = measured("engine_steps", jobs, IN_FLIGHT, "file", environment=environment)
    return float(figures["steps_s"])


@contextmanager
def _sink(milliseconds: int) -> Iterator[dict[str, str]]:
    """Run a server; yield the environment that leads to it."""
    with tempfile.TemporaryDirectory(prefix="sink-") as folder:
        command = [sys.executable, "-m", "bench.cases.object_sink", folder, str(milliseconds)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        try:
            assert server.stdout is not None
            yield {
                "SAFELIGHT_ARTIFACTS__URL": "s3://bench/files",
                "SAFELIGHT_ARTIFACTS__ENDPOINT": server.stdout.readline().strip(),
                "AWS_ACCESS_KEY_ID": "bench",
                "AWS_SECRET_ACCESS_KEY": "bench",
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        finally:
            server.kill()
            server.wait()
