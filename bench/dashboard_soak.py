"""The dashboard beside an engine at full speed for a long while: its memory has to stay flat."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, at_most
from bench.machine import ROOT
from bench.terminal import Terminal, terminal

WARM_SECONDS = 120.0
"""Time until all screens have been opened often enough that their caches are full."""

ROUND = ("\r", "jjj", "\r", "l", "\x1b", "2", "jj", "1", "v", "\x1b", "z", "\x1b", "\x1b", "3",
         "\x1b", "4", "\x1b", "?", "\x1b", "$", "\x1b")  # fmt: skip
"""Keys of an operator: a batch, a job, its iterations, the sheet, a text, an image, the queue..."""


def dashboard_soak(*, long: bool) -> list[Figure]:
    """Keys all the while, from the list of batches into a job and back."""
    seconds = 1800.0 if long else 240.0
    with tempfile.TemporaryDirectory(prefix="bench-soak-", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "bench.cases.full_speed", folder, str(seconds + 20)]
        engine = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            memory = _watch(Path(folder), seconds)
            steps = json.loads(engine.communicate()[0])["steps"]
        finally:
            engine.kill()
    return _figures(memory, seconds, steps)


def _watch(folder: Path, seconds: float) -> list[tuple[float, float]]:
    """Return the times and the resident MB of the dashboard, one pair per round of keys."""
    while not next(folder.rglob("*.db"), None):
        time.sleep(0.2)
    memory = list[tuple[float, float]]()
    ours = [sys.executable, "-m", "safelight", "--workspace", str(folder)]
    with terminal(ours) as opened:
        opened.until("b1 batch-0")
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            memory.append((passed, _round(opened)))
    return memory


def _round(opened: Terminal) -> float:
    for keys in ROUND:
        opened.send(keys)
        opened.rest(0.4)
    return float(opened.process.memory_info().rss) / 2**20


def _figures(memory: list[tuple[float, float]], seconds: float, steps: int) -> list[Figure]:
    """Growth is from the first third after warming up to the last third."""
    warm = min(WARM_SECONDS, seconds / 3)
    settled = [mb for at, mb in memory if at >= warm]
    third = max(1, len(settled) // 3)
    grown = statistics.median(settled[-third:]) - statistics.median(settled[:third])
    line = ", ".join(f"{mb:.0f}" for _, mb in memory[:: max(1, len(memory) // 12)])
    return [
        Figure(
            f"dashboard beside {steps} steps in {seconds:.0f} s: MB, from its start to its end",
            f"{line} ({len(memory)} rounds through {len(ROUND)} keys)",
        ),
        at_most("memory grown after warming up", grown, 5, "{:+.1f} MB", " MB"),
    ]
