"""Queues a grid of 10 000 cells of the recipe `refine`: choices, fields and settings.

Usage: python -m bench.cases.grid
"""

import tempfile
import time
from pathlib import Path

from bench.machine import emit
from engine.client.workspace import open_workspace
from engine.queueing.queue import QueueOptions

PROMPT = "a {red|blue|green|black|white} {fox|hare|owl|cat|dog} in {snow|rain|fog|sun}"
FIELDS = ("seed=1..100",)
SETTINGS = ("seed=1..10", "target_score=10..100..10")


def measure(folder: Path, axes: tuple[str, ...]) -> float:
    """Return the seconds that queueing takes."""
    source = folder / "prompts.txt"
    source.write_text(f"{PROMPT}\n")
    with open_workspace(folder / f"w{len(axes)}") as workspace:
        options = QueueOptions(grid=workspace.grid(axes, dynamic=True))
        started = time.perf_counter()
        batch = workspace.queue("refine", source, options=options)
        seconds = time.perf_counter() - started
        cells = len(workspace.jobs(batch))
    if cells != 10_000:
        raise RuntimeError(f"{cells} cells instead of 10 000")
    return seconds


def main() -> None:
    """Measure both grids, after a first one that loads everything."""
    with tempfile.TemporaryDirectory(prefix="grid-") as folder:
        emit(fields=measure(Path(folder), FIELDS), settings=measure(Path(folder), SETTINGS))


if __name__ == "__main__":
    main()
