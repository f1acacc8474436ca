"""The doctor's checks of the machine under a workspace: disk, locks, clock, lost files."""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from db.clock import now, seconds_between
from db.connect import connect_intake
from db.queries.batches import running_engine
from db.queries.history import named_hashes
from db.queries.trouble import newest_event_at, recent_trouble
from db.queries.upkeep import mentioned_hashes
from engine.client.doctor.finding import Finding
from engine.client.workspace import Workspace
from engine.text.plural import pluralize
from engine.text.terminal import clean

PROBE_BYTES = 1 << 20
"""Bytes that are written to test for free space."""

LOCK_SECONDS = 2.0
"""Seconds to wait for a lock of the store; the engine holds it for milliseconds."""

CLOCK_SECONDS = 60.0
"""Maximum number of seconds that the store may be ahead of the clock."""

LATELY = timedelta(hours=1)

_FEW = 5
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_room(workspace: Workspace) -> Iterator[Finding]:
    """Check that files can be written and synced to disk."""
    folder = workspace.paths.private
    try:
        with tempfile.TemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        where = clean(str(folder))
        if error.errno in _FULL:
            problem, remedy = "the disk is full", "Free some space: safelight gc shows disk usage."
        else:
            problem, remedy = "nothing can be written", "Restore write permission there."
        yield Finding("room", False, f"{problem} ({where}: {error.strerror})", remedy)
        return
    yield Finding("room", True, "files can be written")


def check_lock(workspace: Workspace) -> Iterator[Finding]:
    """Check that the store can be written and no other program holds it."""
    try:
        with closing(connect_intake(workspace.paths.store)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {int(LOCK_SECONDS * 1000)}")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            problem = f"another program has held the store for {LOCK_SECONDS:g} seconds"
            remedy = "End it: lsof shows what has the file open. Finished results wait in memory."
        else:
            problem, remedy = (
                f"the store cannot be written: {error}",
                "Check the permissions there.",
            )
        yield Finding("lock", False, problem, remedy)
        return
    yield Finding("lock", True, "the store can be written")


def check_identity(workspace: Workspace) -> Iterator[Finding]:
    """Check that the running engine writes to the store that is in place."""
    holder = workspace.engine_process()
    if holder is None:
        return
    with workspace.reading() as connection:
        row = running_engine(connection)
    if row is not None and row.pid == holder[0]:
        return
    problem = (
        f"an engine runs (pid {holder[0]}) and the store does not know it: the store was replaced"
    )
    remedy = "Stop the engine; it saves what it had beside the private folder."
    yield Finding("identity", False, problem, remedy)


def check_clock(workspace: Workspace) -> Iterator[Finding]:
    """Check that the store has no times in the future."""
    with workspace.reading() as connection:
        newest = newest_event_at(connection)
    ahead = seconds_between(now(), newest) or 0.0
    if ahead <= CLOCK_SECONDS:
        yield Finding("clock", True, "the store's times are past")
        return
    problem = f"the newest event is {ahead:.0f} seconds in the future; the clock was set back"
    yield Finding("clock", False, problem, "Set the clock. Nothing waits for it.")


def check_age(workspace: Workspace) -> Iterator[Finding]:
    """Check that the store is not older than its files, like a copy without its `-wal`."""
    if workspace.engine_process() is not None:
        return  # files come before their rows
    files = workspace.artifacts
    with workspace.reading() as connection:
        named = {hash_ for hash_, _ in named_hashes(connection)} | {*mentioned_hashes(connection)}
        newest = newest_event_at(connection)
    younger = 0
    for hash_ in files.hashes():
        if hash_ not in named:
            written = datetime.fromtimestamp(files.path(hash_).stat().st_mtime, UTC)
            younger += newest is None or written > datetime.fromisoformat(newest)
    if not younger:
        yield Finding("age", True, "the store is as new as its files")
        return
    newer = pluralize(younger, "stored file is", "stored files are")
    problem = (
        f"{newer} newer than anything the store knows: an engine was killed just then, "
        "or the store was copied without its -wal file"
    )
    remedy = "If it was copied, copy it again with safelight db backup."
    yield Finding("age", False, problem, remedy)


def check_lately(workspace: Workspace) -> Iterator[Finding]:
    """List the troubles of the last hour: dead or hung workers, unusable answers."""
    since = (datetime.now(UTC) - LATELY).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with workspace.reading() as connection:
        recent = recent_trouble(connection, since)
    for message, remedy, times in recent[:_FEW]:
        often = f" ({times} times in the last hour)" if times > 1 else " (in the last hour)"
        yield Finding("lately", False, clean(message, limit=300) + often, clean(remedy))
    if not recent:
        yield Finding("lately", True, "nothing went wrong in the last hour")


FAULT_CHECKS: tuple[Callable[[Workspace], Iterator[Finding]], ...] = (
    check_room,
    check_lock,
    check_identity,
    check_clock,
    check_age,
    check_lately,
)
"""Every check of this module."""
