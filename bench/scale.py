"""`python -m bench.scale`: what gives first as one engine grows, measured where that is possible.

- *store*: bytes and seconds of a step, and the dashboard's queries, at growing numbers of steps;
- *bytes*: how fast one Python process hashes and writes pictures of 1.5 MB;
- *hosts*: processor time of the scheduling for a task, with 1 to 100 simulated hosts.

`docs/design/scale.md` says what follows.
"""

import argparse
import asyncio
import hashlib
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, table
from bench.machine import describe_machine, measured

PICTURE = 1_500_000
PICTURES = 200


def main() -> int:
    """Measure what is named and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--steps", nargs="*", type=float, default=[1e5, 1e6])
    parser.add_argument("--hosts", nargs="*", type=int, default=[1, 10, 30, 100])
    chosen = parser.parse_args()
    print(f"{describe_machine()}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    figures = [*moving_bytes(), *(scheduling(count) for count in chosen.hosts)]
    figures += growth([int(size) for size in chosen.steps])
    print(table(figures))
    return 0


def growth(sizes: list[int]) -> list[Figure]:
    """Grow a store; return its figures at each size."""
    figures: list[Figure] = []
    if not sizes:
        return figures
    for one in measured("store_growth", *sizes)["sizes"]:
        name, write = f"store of {one['steps']:.0e} steps", one["write"]
        queries = ", ".join(f"{what} {ms:.3g}" for what, ms in one["queries_ms"].items())
        figures += [
            Figure(f"{name}: bytes a step", f"{one['bytes_a_step']:.0f}"),
            Figure(
                f"{name}: a step written, in groups of 50",
                f"{write['cpu_us']:.0f} us of processor, {write['wall_us']:.0f} us in all",
            ),
            Figure(f"{name}: queries, ms", queries),
        ]
    return figures


def moving_bytes() -> list[Figure]:
    """Hash and write pictures in one process, as an engine keeps them."""
    data = random.Random(1).randbytes(PICTURE)
    with tempfile.TemporaryDirectory(prefix="bytes-") as name:
        cpu, wall = time.process_time(), time.perf_counter()
        for number in range(PICTURES):
            content = number.to_bytes(8, "big") + data
            path = Path(name) / hashlib.sha256(content).hexdigest()
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    moved = PICTURES * PICTURE / 1e6
    return [
        Figure(
            "one process that hashes, writes and syncs pictures of 1.5 MB, one after the other",
            f"{moved / cpu:.0f} MB per second of processor, {moved / wall:.0f} MB/s",
        )
    ]


def scheduling(count: int) -> Figure:
    """Return the processor time of the engine's side for a task, with simulated hosts.

    All tasks wait from the begin, a hundred for each host.
    """
    from engine.contract import ModelKey
    from tests.models.hosts.simulated import Machines, Trial, virtual

    machines = Machines({f"cpu:{number}": 1 + number % 4 for number in range(count)}, most=1)
    key, tasks = ModelKey("simulated:load", "{}", "simulated"), 100 * count

    async def work() -> float:
        trial = Trial(machines)
        await trial.seconds(*[key] * max(40, 2 * count))
        before = time.process_time()
        await asyncio.create_task(trial.seconds(*[key] * tasks))
        return time.process_time() - before

    cpu = float(virtual(machines, work))
    return Figure(
        f"{count} hosts, {tasks} tasks waiting: processor time of scheduling one",
        f"{cpu / tasks * 1e3:.2f} ms",
    )


if __name__ == "__main__":
    sys.exit(main())
