"""The dashboard over a slow line, as over SSH from far away, beside itself with Textual's driver.

The line carries 25 kB a second and takes 150 ms each way; see `bench.throttle`. Images are
counted by themselves: they follow the text and are given up at the next key.
"""

import io
import random
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.dashboard_store import workspace
from bench.figures import Figure, at_most
from bench.machine import ROOT
from bench.throttle import Line, SlowTerminal, slow_terminal
from db.queries.jobs import job
from db.store import Store
from db.writes import steps
from db.writes.records import Intent, Outcome
from engine.config.paths import WorkspacePaths
from engine.runtime.artifacts import ArtifactStore

LINE = Line()
SILENT = Line(answers=False)
LATENCY = 2 * LINE.latency
"""Seconds that a key and its answer take on an empty line."""

EVENTS_A_SECOND = 200
MOVES = 8
RUNNING_ROW = 14
OPENING = 3.0
"""Seconds that a screen is given until it is painted, its images too."""

LATE = 8.0
"""Seconds after which a key counts as answered by nothing."""

_KEY = "key to text and cursor, beyond the latency"
_TEXTUALS_OWN = {"TEXTUAL_DRIVER": "textual.drivers.linux_driver:LinuxDriver"}


def slow_line(*, long: bool) -> list[Figure]:
    """Bytes a second and answers to keys, on every screen."""
    seconds = 30.0 if long else 4.0
    with workspace(1000) as root:
        _add_images(root)
        found = _screens(root, seconds)
        found += _keys(root, seconds, LINE)
        found += _keys(root, seconds, SILENT)
        found += _images(root)
        found += _before(root, seconds)
    return found


def _ours(root: Path) -> list[str]:
    return [sys.executable, "-m", "safelight", "--workspace", str(root)]


@contextmanager
def _in_batch(
    root: Path, line: Line, environment: dict[str, str] | None = None
) -> Iterator[SlowTerminal]:
    with slow_terminal(_ours(root), line, environment=environment) as terminal:
        terminal.shows("b3 live")
        time.sleep(2)
        terminal.press("\r")
        terminal.shows("live-0000002")
        time.sleep(2)
        yield terminal


# -- bytes a second ---------------------------------------------------------------------------


def _screens(root: Path, seconds: float) -> list[Figure]:
    """Every screen at rest and while steps are written."""
    found = []
    with _in_batch(root, LINE) as terminal:
        found += _rates(terminal, root, seconds, "batch")
        _answer(terminal, RUNNING_ROW, terminal.press("j" * (RUNNING_ROW - 1)))
        terminal.press("\r")
        terminal.shows(f"j{_first_running(root)}")
        time.sleep(3)
        found += _rates(terminal, root, seconds, "job")
        terminal.press("w")
        terminal.shows("esc  leave")
        found += _rates(terminal, root, seconds, "lanes")
        terminal.press("\x1b")
        time.sleep(1)
        terminal.press("B")
        terminal.shows("b1 small")
        time.sleep(3)
        found += _rates(terminal, root, seconds, "batches")
        terminal.press("n")
        terminal.shows("recipe")
        time.sleep(3)
        found += _rates(terminal, root, seconds, "new batch")
    return found


def _rates(terminal: SlowTerminal, root: Path, seconds: float, screen: str) -> list[Figure]:
    time.sleep(OPENING)
    idle = _text_a_second(terminal, seconds)
    writer = _writer(root, seconds + 2)
    time.sleep(1.5)
    busy = _text_a_second(terminal, seconds)
    writer.communicate()
    time.sleep(1)
    return [
        at_most(f"{screen}, idle: text sent, a second", idle, 500, "{:.0f} B", " B"),
        at_most(f"{screen}, at work: text sent, a second", busy, 2000, "{:.0f} B", " B"),
    ]


def _text_a_second(terminal: SlowTerminal, seconds: float) -> float:
    before = terminal.sent.text
    time.sleep(seconds)
    return (terminal.sent.text - before) / seconds


def _writer(root: Path, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench.cases.dashboard_writer", str(root)]
    command += [str(seconds), str(EVENTS_A_SECOND)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


# -- keys -------------------------------------------------------------------------------------


def _keys(root: Path, seconds: float, line: Line) -> list[Figure]:
    """Answers to keys while steps are written."""
    with _in_batch(root, line) as terminal:
        writer = _writer(root, seconds + 2)
        time.sleep(1.5)
        times = _move(terminal, seconds)
        writer.communicate()
    if not line.answers:
        return [Figure(f"{_KEY}, a terminal that answers nothing: p50, p95", _two(times))]
    return [
        Figure(f"{_KEY}: p50", _ms(_median(times))),
        at_most(f"{_KEY}: p95", _p95(times) * 1e3, 300, "{:.0f} ms", " ms"),
    ]


def _move(terminal: SlowTerminal, seconds: float) -> list[float]:
    """Moves the cursor down and up at the pace of a hand; seconds beyond the line's latency."""
    times, randomness = list[float](), random.Random(1)
    row, step, end = 1, 1, time.monotonic() + seconds
    while time.monotonic() < end:
        if row + step not in range(1, MOVES + 1):
            step = -step
        row += step
        pressed = terminal.press("j" if step > 0 else "k")
        times.append(_answer(terminal, row, pressed) - pressed - LATENCY)
        time.sleep(randomness.uniform(0.0, 0.6))
    return times


def _answer(terminal: SlowTerminal, row: int, pressed: float) -> float:
    wanted = f"live-{row:07d}"
    try:
        return terminal.until(
            lambda lines: any("▌" in line and wanted in line for line in lines), LATE
        )
    except RuntimeError:
        return pressed + LATE


# -- images ---------------------------------------------------------------------------------


def _images(root: Path) -> list[Figure]:
    """An image that follows, and one that is given up."""
    with _in_batch(root, LINE) as terminal:
        terminal.sent.images = 0
        terminal.press("j")
        time.sleep(5)
        whole = terminal.sent.images
        terminal.sent.images = 0
        for key in "jjkk":
            terminal.press(key)
            time.sleep(0.25)
        given_up = terminal.sent.images
        terminal.press("j")
        time.sleep(0.7)
        pressed = terminal.press("j")
        took = _answer(terminal, 4, pressed) - pressed - LATENCY
    return [
        Figure("an image's cells", f"{whole / 1e3:.1f} kB"),
        at_most("images sent while 4 keys are pressed", given_up / 1e3, 2, "{:.1f} kB", " kB"),
        at_most(
            "a key while an image is sent, beyond the latency", took * 1e3, 300, "{:.0f} ms", " ms"
        ),
    ]


def _add_images(root: Path) -> None:
    """Gives the first jobs of the batch at work a noisy image each."""
    from PIL import Image

    store, paths = Store(WorkspacePaths(root).store), WorkspacePaths(root)
    artifacts = ArtifactStore(paths.artifacts)
    with store.intake() as write:
        sql = "SELECT id FROM jobs WHERE key LIKE 'live-%' AND position <= ?"
        numbers = write(lambda c: [row[0] for row in c.execute(sql, (MOVES,))])
        for number in numbers:
            data = io.BytesIO()
            Image.effect_noise((256, 256), 40 + number % 60).convert("RGB").save(data, "PNG")
            hash_ = artifacts.put(data.getvalue())
            write(partial(_add_image, job_id=number, hash_=hash_))


def _add_image(connection: sqlite3.Connection, job_id: int, hash_: str) -> None:
    row = job(connection, job_id)
    assert row is not None
    batch_id = row.batch_id
    scope, name = "iteration-1", "generate"
    intent = Intent(
        batch_id, job_id, f"{scope}/{name}", scope, name, "print", name, "toy", "toy-1", "{}"
    )
    artifact = {
        "role": "image",
        "hash": hash_,
        "media_type": "image/png",
        "kind": "image",
        "size": 100,
    }
    artifact |= {"width": 256, "height": 256}
    step = steps.begin_step(connection, intent)
    steps.finish_step(connection, step, intent, Outcome("{}", artifacts=[artifact]))


def _first_running(root: Path) -> int:
    connection = Store(WorkspacePaths(root).store).reader()
    try:
        sql = "SELECT id FROM jobs WHERE key = ?"
        return int(connection.execute(sql, (f"live-{RUNNING_ROW:07d}",)).fetchone()[0])
    finally:
        connection.close()


# -- beside it --------------------------------------------------------------------------------


def _before(root: Path, seconds: float) -> list[Figure]:
    """The same with Textual's own driver, that sends each frame as it comes."""
    with _in_batch(root, LINE, _TEXTUALS_OWN) as terminal:
        writer = _writer(root, seconds + 2)
        time.sleep(1.5)
        busy = _text_a_second(terminal, seconds / 2)
        times = _move(terminal, seconds / 2)
        writer.communicate()
    return [
        Figure("with Textual's own driver: batch, at work, text sent, a second", f"{busy:.0f} B"),
        Figure(
            f"with Textual's own driver: {_KEY}: p50, at most",
            f"{_ms(_median(times))}, {_ms(max(times))}",
        ),
    ]


def _median(values: list[float]) -> float:
    return float(statistics.median(values))


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _two(times: list[float]) -> str:
    return f"{_ms(_median(times))}, {_ms(_p95(times))}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms"
