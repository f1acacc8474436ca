"""The dashboard beside harlequin and its limits: first paint, huge lists, latency, memory.

It runs in a pseudo-terminal as it does for an operator, `python -m safelight` in its own process.
"""

import json
import random
import re
import statistics
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench.dashboard_store import workspace
from bench.figures import Figure, at_most
from bench.machine import ROOT
from bench.peers import FOLDER, peers_python
from bench.terminal import Terminal, Used, first_paint, terminal

EVENTS_A_SECOND = 200
MOVES = 8
"""Number of rows that the cursor moves down before it moves up again."""

_COMMIT = re.compile(r"commit-(\d{6})")


def dashboard(*, long: bool) -> list[Figure]:
    """The face of Safelight."""
    with workspace(1_000_000 if long else 100_000) as root:
        found = _first_paint(root, 9 if long else 5)
        found += _huge(root, 15 if long else 5, "1 000 000" if long else "100 000")
        found += _at_work(root, 60.0 if long else 12.0)
    return found


def _ours(root: Path) -> list[str]:
    return [sys.executable, "-m", "safelight", "--workspace", str(root)]


# -- first paint ------------------------------------------------------------------------------


def _first_paint(root: Path, rounds: int) -> list[Figure]:
    """By turns with harlequin, opened on an empty SQLite file."""
    peers_python()
    empty = root / "empty.db"
    empty.touch()
    cases = {
        "Safelight": (_ours(root), "b3 live"),
        "harlequin": ([str(FOLDER / "bin" / "harlequin"), "-a", "sqlite", str(empty)], "Run Query"),
    }
    found: dict[str, list[Used]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, (command, text) in cases.items():
            used = first_paint(command, text)
            if number:  # the first of each compiles and warms the disk's cache
                found[name].append(used)
    ours, theirs = found["Safelight"], found["harlequin"]
    pairs = list(zip(ours, theirs, strict=True))
    cpu = statistics.median(a.cpu / b.cpu for a, b in pairs)
    wall = statistics.median(a.wall / b.wall for a, b in pairs)
    return [
        at_most(
            "first paint, processor seconds: share of harlequin's",
            cpu,
            0.45,
            f"{{:.2f}} ({_median(u.cpu for u in ours):.2f} s, "
            f"harlequin {_median(u.cpu for u in theirs):.2f} s)",
        ),
        Figure(
            "first paint, time that passes: share of harlequin's",
            f"{wall:.2f} ({_median(u.wall for u in ours):.2f} s, "
            f"harlequin {_median(u.wall for u in theirs):.2f} s)",
        ),
    ]


# -- a huge batch -----------------------------------------------------------------------------


def _huge(root: Path, rounds: int, words: str) -> list[Figure]:
    """Opens the small and the huge batch by turns, then looks at the huge one's end."""
    took: dict[str, list[float]] = {"small": [], "huge": []}
    with terminal(_ours(root)) as opened:
        opened.until("b1 small")
        opened.rest(2)
        opened.send("G")
        opened.rest(0.5)
        small = 0.0
        for _ in range(rounds):
            took["small"].append(_open(opened, "small"))
            small = small or _resident_mb(opened)
            _back(opened, "k")
            took["huge"].append(_open(opened, "huge"))
            _back(opened, "j")
        _back(opened, "k")
        _open(opened, "huge")
        opened.send("G")
        opened.rest(2)
        huge = _resident_mb(opened)
    more = (_median(took["huge"]) - _median(took["small"])) * 1e3
    return [
        at_most(
            f"a batch of {words} jobs is painted later than one of 1 000 by",
            more,
            100,
            f"{{:.0f}} ms ({_median(took['huge']) * 1e3:.0f} ms, "
            f"of 1 000 {_median(took['small']) * 1e3:.0f} ms from the key)",
            " ms",
        ),
        at_most("memory with a batch of 1 000 jobs open", small, 80, "{:.0f} MB", " MB"),
        at_most(f"memory at the end of the list of {words}", huge, 120, "{:.0f} MB", " MB"),
    ]


def _open(opened: Terminal, name: str) -> float:
    """Seconds from the key to the list of the batch under the cursor."""
    pressed = opened.send("\r")
    painted = opened.until(f"{name}-0000002")
    opened.rest(0.5)
    return painted - pressed


def _back(opened: Terminal, move: str) -> None:
    """Goes back to the batches, and there one up or down."""
    opened.send("\x1b")
    opened.rest(0.7)
    opened.send(move)
    opened.rest(0.3)


# -- an engine at work ------------------------------------------------------------------------


@dataclass
class Watched:
    """Observations while an engine wrote.

    Attributes:
        keys: Seconds from each key to its row on the screen.
        seen: The number of each newer commit on the screen, and the time of its display.
        wal: Bytes of the largest log.
        cpu: Processor seconds of the dashboard.
    """

    keys: list[float] = field(default_factory=list)
    seen: list[tuple[int, float]] = field(default_factory=list)
    wal: int = 0
    cpu: float = 0.0

    def look(self, moment: float, text: str) -> None:
        """Notes the newest commit that is on the screen."""
        newest = max((int(n) for n in _COMMIT.findall(text)), default=-1)
        if newest > (self.seen[-1][0] if self.seen else -1):
            self.seen.append((newest, moment))

    def latencies(self, commits: list[float]) -> list[float]:
        """Seconds from each commit until the screen showed it or a later one."""
        numbers = [number for number, _ in self.seen]
        places = (bisect_left(numbers, n) for n in range(len(commits)))
        shown = [self.seen[p][1] for p in places if p < len(numbers)]
        return [moment - commit for moment, commit in zip(shown, commits, strict=False)]


def _at_work(root: Path, seconds: float) -> list[Figure]:
    """Rests, moves the cursor, and moves it while steps are written at full length."""
    with terminal(_ours(root)) as opened:
        opened.until("b3 live")
        opened.rest(2)
        opened.send("\r")
        opened.until("live-0000002")
        opened.rest(3)
        idle, sent = _idle(opened, seconds)
        calm = _move(opened, root, seconds / 2)
        writer = _writer(root, seconds)
        busy = _move(opened, root, seconds)
        commits = json.loads(writer.communicate()[0])["commits"]
    shown = [latency * 1e3 for latency in busy.latencies(commits)]
    share = busy.cpu / seconds * 100
    return [
        at_most("idle: processor", idle, 0.7, "{:.2f} %", " %"),
        at_most("idle: sent to the terminal, a second", sent, 1000, "{:.0f} B", " B"),
        Figure("key to screen, nothing written: p50, p95", _two(calm.keys)),
        *_limits(f"key to screen, {EVENTS_A_SECOND} events a second", busy.keys, 15, 40),
        Figure("commit to screen: p50", f"{_median(shown):.0f} ms"),
        at_most("commit to screen: p95", _p95(shown), 80, "{:.0f} ms", " ms"),
        Figure("processor of the dashboard meanwhile", f"{share:.0f} % of a core"),
        at_most("largest log (WAL) meanwhile", busy.wal / 2**20, 16, "{:.1f} MB", " MB"),
    ]


def _limits(name: str, times: list[float], p50: float, p95: float) -> list[Figure]:
    return [
        at_most(f"{name}: p50", _median(times) * 1e3, p50, "{:.0f} ms", " ms"),
        at_most(f"{name}: p95", _p95(times) * 1e3, p95, "{:.0f} ms", " ms"),
    ]


def _idle(opened: Terminal, seconds: float) -> tuple[float, float]:
    """Percent of a core, and bytes a second to the terminal."""
    before, cpu = opened.received, _cpu(opened)
    opened.rest(seconds)
    return (_cpu(opened) - cpu) / seconds * 100, (opened.received - before) / seconds


def _writer(root: Path, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench.cases.dashboard_writer", str(root)]
    command += [str(seconds), str(EVENTS_A_SECOND)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _move(opened: Terminal, root: Path, seconds: float) -> Watched:
    """Moves the cursor down and up at the pace of a hand, and looks at what comes."""
    watched, randomness = Watched(), random.Random(1)
    wal = next(root.rglob("*.db-wal"), None)
    opened.send("g")
    opened.rest(0.5)
    row, step, end, cpu = 1, 1, time.monotonic() + seconds, _cpu(opened)
    while time.monotonic() < end:
        if row + step not in range(1, MOVES + 1):
            step = -step
        row += step
        pressed = opened.send("j" if step > 0 else "k")
        _watch(opened, watched, pressed, f"▌.{{1,6}}live-{row:07d}", randomness.uniform(0.1, 0.25))
        watched.wal = max(watched.wal, wal.stat().st_size if wal and wal.exists() else 0)
    watched.cpu = _cpu(opened) - cpu
    return watched


def _watch(opened: Terminal, watched: Watched, pressed: float, row: str, pause: float) -> None:
    """Waits for a row under the cursor, and then until the next key is due."""
    there = False
    while True:
        for moment, text in opened.chunks(max(0.0, pressed + pause - time.monotonic())):
            watched.look(moment, text)
            if not there and re.search(row, text):
                there = True
                watched.keys.append(moment - pressed)
        if there or time.monotonic() > pressed + 5:
            return
        pause += 0.05


def _cpu(opened: Terminal) -> float:
    times = opened.process.cpu_times()
    return float(times.user + times.system)


def _resident_mb(opened: Terminal) -> float:
    return float(opened.process.memory_info().rss) / 2**20


def _median(values: Iterable[float]) -> float:
    return float(statistics.median(values))


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _two(times: list[float]) -> str:
    return f"{_median(times) * 1e3:.0f} ms, {_p95(times) * 1e3:.0f} ms"
