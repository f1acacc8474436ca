"""Runs of an export of spans: once, or following a store until it is stopped."""

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from db.queries.callers import workspace_id
from db.queries.history import data_version
from db.queries.spans import Period
from db.store import Store
from engine.telemetry.attributes import captures_content
from engine.telemetry.cursor import BadCursor, Cursor, cursor_file, read_cursor, write_cursor
from engine.telemetry.export import Exported, Patience, export
from engine.telemetry.feed import SpanFeed
from engine.telemetry.spans import SpanMaker
from engine.telemetry.targets import Collector, JsonLines, NotTaken, Target, open_lines
from engine.text.errors import UserError

FOLLOW_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """Spans to export, and where to.

    Attributes:
        since: Time from which it has ended; empty for all.
        batch_id: Its batch; None for all.
        to: File, `-` for the standard output; None for a collector.
        endpoint: Address of the collector; empty for that of the `OTEL_` variables.
        cursor: File of the place; None for the usual one.
        patience: Seconds that a target may refuse, unless it is followed.
    """

    since: str = ""
    batch_id: int | None = None
    to: Path | None = None
    endpoint: str = ""
    cursor: Path | None = None
    patience: float = 120.0

    @property
    def period(self) -> Period:
        """Limits of what is read."""
        return Period(self.since, "", self.batch_id, captures_content())


def export_once(store: Store, wanted: Wanted, say: Callable[[str], None]) -> Exported:
    """Export what has ended.

    Raises:
        GaveUp: The target takes nothing for too long.
        NotTaken: The file cannot be written.
    """
    total = Exported()
    with closing(store.reader()) as connection, _target_of_one(wanted) as target:
        id_ = workspace_id(connection)
        feed = SpanFeed(connection, SpanMaker(id_), wanted.period)
        pieces = feed.everything(feed.start(id_), until=False)
        export(pieces, target, Patience(wanted.patience, say), total)
        total.skipped += getattr(target, "left_out", 0)
    return total


@contextmanager
def _target_of_one(wanted: Wanted) -> Iterator[Target]:
    """Open a target; a file takes its name once it is whole."""
    if wanted.to is None:
        collector = Collector(wanted.endpoint)
        try:
            yield collector
        finally:
            collector.close()
    elif str(wanted.to) == "-":
        yield JsonLines(sys.stdout.buffer, "the standard output")
    else:
        with _new_file(wanted.to) as target:
            yield target


@contextmanager
def _new_file(path: Path) -> Iterator[JsonLines]:
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise NotTaken(f"{path} cannot be written: {error.strerror or error}.") from None
    target = JsonLines(os.fdopen(descriptor, "wb"), str(path))
    try:
        yield target
        target.close()
        Path(name).replace(path)
    except BaseException:
        target.close()
        with suppress(OSError):
            Path(name).unlink()
        raise


def follow(
    store: Store,
    wanted: Wanted,
    say: Callable[[str], None],
    total: Exported,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Export what has ended and what ends, from the kept place on, until it is stopped.

    Raises:
        BadCursor: The place cannot be used, or another export continues from it.
        UserError: The store was deleted or replaced.
    """
    with closing(store.reader()) as connection:
        id_ = workspace_id(connection)
        path = _cursor_path(store, wanted, id_)
        feed = SpanFeed(connection, SpanMaker(id_), wanted.period)
        with _alone(path):
            known = read_cursor(path, id_)
            place = known or feed.start(id_)
            keep = partial(write_cursor, path)
            with closing(_target_to_follow(wanted, known)) as target:
                patience = Patience(None, say)
                while not stop():
                    version = data_version(connection)
                    place = _caught_up(feed, place, target, patience, total, keep)
                    _wait_for_change(store, partial(data_version, connection), version, stop)


def _caught_up(
    feed: SpanFeed,
    place: Cursor,
    target: Target,
    patience: Patience,
    total: Exported,
    keep: Callable[[Cursor], None],
) -> Cursor:
    """Export everything that has ended up to now; return the place after it."""
    checked = feed.caught_up(place)
    if checked is not place:
        patience.say(
            f"Events after number {place.event} are no longer kept; rows are read instead."
        )
    rows = feed.everything(checked, until=True)
    place = export(rows, target, patience, total, keep) or checked
    return export(feed.news(place), target, patience, total, keep) or place


def _wait_for_change(
    store: Store, version: Callable[[], int], known: int, stop: Callable[[], bool]
) -> None:
    while version() == known and not stop():
        if not store.is_in_place():
            raise UserError("The store was deleted or replaced.", remedy="Start the export again.")
        time.sleep(FOLLOW_SECONDS)


def _cursor_path(store: Store, wanted: Wanted, workspace: str) -> Path:
    if wanted.cursor is not None:
        return wanted.cursor
    if wanted.to is not None:
        return wanted.to.with_name(f"{wanted.to.name}.cursor")
    where = wanted.endpoint or "environment"
    return cursor_file(str(store.path.absolute()), workspace, where, str(wanted.batch_id))


def _target_to_follow(wanted: Wanted, known: Cursor | None) -> "Collector | JsonLines":
    if wanted.to is None:
        return Collector(wanted.endpoint)
    if known is None and wanted.to.exists() and wanted.to.stat().st_size:
        raise BadCursor(
            f"{wanted.to} is already there, and the place that it ends at is not known.",
            remedy="Name another file, or its place with --cursor.",
        )
    return open_lines(wanted.to, known.size if known else 0)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock beside a cursor, so that two exports do not both continue from it.

    Raises:
        BadCursor: Another one does.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BadCursor(f"{path} cannot be used: {error.strerror or error}.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BadCursor(
            f"Another export continues from {path}.", remedy="Stop it, or name another --cursor."
        ) from None
    finally:
        os.close(lock)
