"""The dashboard beside an engine at full speed for a long while: its memory has to stay flat.

Its anonymous memory is what it holds itself. Resident memory has the pages of libraries and of the
log's index too, which other processes share.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from bench.figures import Figure, at_most
from bench.machine import ROOT
from bench.terminal import Terminal, terminal

WARM_SECONDS = 300.0
"""Time until all screens have been opened often enough that their caches are full."""

PATIENCE = 1200.0
"""Seconds within which the dashboard shows the batch: the machine may have much else to do."""

ROUND = ("\x1b", "\x1b", "B", "\r", "jjj", "\r", "l", "\x1b", "2", "jj", "1", "v", "\x1b", "z",
         "\x1b", "\x1b", "3", "\x1b", "4", "\x1b", "?", "\x1b", "$", "\x1b")  # fmt: skip
"""Keys of an operator: all batches, one, a job, its iterations, the sheet, a text, an image...

They begin by leaving whatever is open. Where the machine has much else to do, a screen may open
after the key that was to close it: each round would add some to those that are open.
"""

LATE_SECONDS = 2.0
"""Time in which the last screens of a round open, at the latest."""


class Memory(NamedTuple):
    """Memory of the dashboard after a round of keys.

    Attributes:
        at: Seconds since the first round.
        anonymous: MB that it holds itself.
        resident: MB with what it shares with other processes.
    """

    at: float
    anonymous: float
    resident: float


class FullSpeed:
    """An engine at full speed in a process of its own.

    Args:
        folder: Its workspace.
    """

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "bench.cases.full_speed", str(folder)]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in `kill`
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def next_line(self) -> dict[str, Any]:
        """Wait for its next line; return the figures in it.

        Raises:
            RuntimeError: It has ended; the message holds the end of what it said.
        """
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self._errors.seek(0)
            code, words = self._process.wait(), self._errors.read()[-2000:]
            raise RuntimeError(f"the engine has ended, exit code {code}: {words}")
        return dict(json.loads(line))

    @property
    def has_ended(self) -> bool:
        """True if it has ended by itself."""
        return self._process.poll() is not None

    def end(self) -> int:
        """End it; return the number of steps that it has done."""
        if self._process.stdin:
            self._process.stdin.close()
        return int(self.next_line()["steps"])

    def kill(self) -> None:
        """End it now, if it has not ended."""
        self._process.kill()
        self._process.wait()
        self._errors.close()


def dashboard_soak(*, long: bool) -> list[Figure]:
    """Keys all the while, from the list of batches into a job and back.

    Raises:
        RuntimeError: The engine or the dashboard has ended, or the dashboard shows nothing any
            more; the message says which.
    """
    seconds = 1800.0 if long else 240.0
    with tempfile.TemporaryDirectory(prefix="bench-soak-", ignore_cleanup_errors=True) as folder:
        engine = FullSpeed(Path(folder))
        try:
            engine.next_line()  # the first batch is queued
            memory = _watch(Path(folder), seconds, engine)
            steps = engine.end()
        finally:
            engine.kill()
    return _figures(memory, seconds, steps)


def _watch(folder: Path, seconds: float, engine: FullSpeed) -> list[Memory]:
    """Return the memory of the dashboard after each round of keys."""
    memory = list[Memory]()
    ours = [sys.executable, "-m", "safelight", "--workspace", str(folder)]
    with terminal(ours) as opened:
        opened.until("b1 batch-0", PATIENCE)
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            if engine.has_ended:
                engine.next_line()  # which says why
            _round(opened)
            memory.append(Memory(passed, *_megabytes(opened.process.pid)))
    return memory


def _round(opened: Terminal) -> None:
    before = opened.received
    for keys in ROUND:
        opened.send(keys)
        opened.rest(0.4)
    opened.rest(LATE_SECONDS)
    if opened.received == before:
        raise RuntimeError("the dashboard shows nothing any more, whatever key is pressed")


def _megabytes(pid: int) -> tuple[float, float]:
    """Return anonymous and resident memory of a process; Linux only."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {
        name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)
    }
    return sizes["Anonymous"] / 1024, sizes["Rss"] / 1024


def _figures(memory: list[Memory], seconds: float, steps: int) -> list[Figure]:
    """Growth is from the first third after warming up to the last third."""
    warm = min(WARM_SECONDS, seconds / 3)
    settled = [one for one in memory if one.at >= warm] or memory
    third = max(1, len(settled) // 3)
    first, last = _median(settled[:third]), _median(settled[-third:])
    head = Figure(
        f"dashboard beside {steps} steps in {seconds:.0f} s: anonymous (resident) MB",
        f"{_by_time(memory, seconds)}; {len(memory)} rounds through {len(ROUND)} keys",
    )
    grown = {name: getattr(last, name) - getattr(first, name) for name in Memory._fields[1:]}
    return [
        head,
        *(
            at_most(f"{name} memory grown after warming up", mb, 5, "{:+.1f} MB", " MB")
            for name, mb in grown.items()
        ),
    ]


def _median(memory: list[Memory]) -> Memory:
    """Return the medians of time, anonymous and resident memory."""
    return Memory(*map(statistics.median, zip(*memory, strict=True)))


def _by_time(memory: list[Memory], seconds: float) -> str:
    """Return the median memory around each sixth of the time."""
    texts = list[str]()
    for number in range(1, 7):
        end, part = number * seconds / 6, seconds / 12
        near = _median([one for one in memory if abs(one.at - end) <= part] or memory[-1:])
        texts.append(f"minute {end / 60:.3g}: {near.anonymous:.0f} ({near.resident:.0f})")
    return ", ".join(texts)
