"""Snapshot of the engine's log: the newest records of its newest file, the newest first."""

import re
import sqlite3
from pathlib import Path

from db.queries.activity import EventFilter
from engine.client.views.filters import Filter
from engine.text import figures
from engine.text.terminal import clean
from tui.snapshots.activity import ActivityItem, ActivitySnapshot

TAIL_BYTES = 512 * 1024
"""Maximum end of the file that is read."""

MAX_LINES = 200
"""Maximum lines of one record, such as a traceback."""

_RECORD = re.compile(r"(\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z) (\w+) +([\w.]+): (.*)")
_STATES = {"ERROR": "failed", "CRITICAL": "failed", "WARNING": "parked"}


class EngineLogView:
    """View of the log of the engine that started last.

    Args:
        folder: Folder of the logs.
    """

    every = 1.0

    def __init__(self, folder: Path) -> None:
        self.start, self.count = 0, 60
        self._folder = folder
        self._narrowed = EventFilter()
        self._faults = False
        self._key: tuple[Path, float, int] | None = None
        self._items: list[ActivityItem] = []

    def narrow(self, wanted: EventFilter, *, faults: bool) -> None:
        """Show only records with some words and letters, without others, or only faults."""
        self._narrowed, self._faults = wanted, faults

    def read(self, connection: sqlite3.Connection, version: int) -> ActivitySnapshot:
        """Return the wanted page of records."""
        self._renew()
        items = [item for item in self._items if self._wanted(item)]
        rows = tuple(items[self.start : self.start + self.count])
        return ActivitySnapshot(len(items), self.start, rows, fresh=len(items))

    def _wanted(self, item: ActivityItem) -> bool:
        text, wanted = item.whole.lower(), self._narrowed
        words = Filter(words=wanted.words, without=wanted.without)
        letters = [Filter(fuzzy=(one,)) for one in wanted.fuzzy]
        return (
            words.matches(text)
            and all(any(one.matches(word) for word in text.split()) for one in letters)
            and (not self._faults or bool(item.state))
        )

    def _renew(self) -> None:
        """Read the end of the newest file if it has grown."""
        newest = newest_log(self._folder)
        if newest is None:
            self._key, self._items = None, []
            return
        status = newest.stat()
        key = (newest, status.st_mtime, status.st_size)
        if key != self._key:
            self._key, self._items = key, _records(_tail(newest, status.st_size))


def newest_log(folder: Path) -> Path | None:
    """Return the log file that was written last, None if there is none."""
    try:
        files = [path for path in folder.glob("*.log") if path.is_file() and not path.is_symlink()]
        return max(files, key=lambda path: path.stat().st_mtime, default=None)
    except OSError:
        return None


def _tail(path: Path, size: int) -> list[str]:
    """Return the last lines of a file, without one that is cut."""
    with path.open("rb") as file:
        file.seek(max(0, size - TAIL_BYTES))
        lines = file.read(TAIL_BYTES).decode("utf-8", "replace").splitlines()
    return lines[1:] if size > TAIL_BYTES else lines


def _records(lines: list[str]) -> list[ActivityItem]:
    """Return the records, the newest first; lines without a time belong to the one before."""
    records: list[list[str]] = []
    for line in lines:
        if _RECORD.match(line) or not records:
            records.append([line])
        elif len(records[-1]) < MAX_LINES:
            records[-1].append(line)
    return [_record(number, lines) for number, lines in reversed(list(enumerate(records)))]


def _record(number: int, lines: list[str]) -> ActivityItem:
    match = _RECORD.match(lines[0])
    at, level, logger, message = match.groups() if match else ("", "", "", lines[0])
    last = f"  {clean(lines[-1], 300)}" if len(lines) > 1 else ""
    whole = "\n".join(clean(line, 2000) for line in lines)
    return ActivityItem(
        id=number,
        time=figures.narrow_clock(at.replace("Z", "+00:00")) if at else "",
        state=_STATES.get(level, ""),
        subject=clean(logger.rpartition(".")[2], 40),
        text=f"{clean(message, 600)}{last}",
        whole=whole,
        copied=whole,
    )
