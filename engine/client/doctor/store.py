"""The doctor's checks of a workspace: store, files, engine, batches, lanes."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.clock import now, seconds_between
from db.queries.batches import lanes, running_engine
from db.queries.history import named_hashes
from db.queries.upkeep import (
    long_preparing,
    mentioned_hashes,
    parked_reasons,
)
from engine.client.doctor.backends import check_backends, check_recipes
from engine.client.doctor.finding import Finding
from engine.client.doctor.objects import check_far_files
from engine.client.ids import batch_name
from engine.client.object_store import some
from engine.client.suspended import is_suspended
from engine.client.suspended import remedy as wake
from engine.client.workspace import Workspace
from engine.contract import Blocked
from engine.runtime.objects.cached import CachedArtifacts
from engine.text import units
from engine.text.plural import pluralize
from engine.text.terminal import clean

Check = Callable[[Workspace], Iterator[Finding]]

MIN_FREE = 1 << 30
"""Bytes below which a disk counts as nearly full: a few hundred large images."""

SILENT_SECONDS = 60.0
"""An engine says every two seconds that it is alive."""


def check_store(workspace: Workspace) -> Iterator[Finding]:
    """Check the integrity of the store."""
    problems = workspace.store.check()
    if not problems:
        yield Finding("store", True, f"sound, {_size_of(workspace.paths.store)}")
        return
    remedy = "Restore a backup, or save what can be read: safelight export BATCH DIR"
    yield Finding("store", False, "; ".join(problems), remedy)


def check_privacy(workspace: Workspace) -> Iterator[Finding]:
    """Check that nobody else can read the private folder."""
    private = workspace.paths.private
    open_to_others = private.stat().st_mode & 0o077
    if open_to_others:
        problem, remedy = "others can read the private folder", f"chmod 700 {clean(str(private))}"
        yield Finding("privacy", False, problem, remedy)
    else:
        yield Finding("privacy", True, "the private folder is yours alone")


def check_disk(workspace: Workspace) -> Iterator[Finding]:
    """Check the free space on the disk."""
    free = shutil.disk_usage(workspace.paths.root).free
    remedy = "Free some space: safelight gc shows disk usage." if free < MIN_FREE else ""
    yield Finding("disk", not remedy, f"{units.size(free)} free", remedy)


def check_engine(workspace: Workspace) -> Iterator[Finding]:
    """Check that the store and the lock agree about the engine."""
    holder = workspace.engine_process()
    with workspace.reading() as connection:
        row = running_engine(connection)
    if holder is None:
        if row is None:
            yield Finding("engine", True, "none runs; start one with: safelight engine")
            return
        problem = f"the last one (pid {row.pid} on {row.host}) ended without saying so"
        remedy = "Start one; it resumes what was running: safelight engine"
        yield Finding("engine", False, problem, remedy)
        return
    pid, host = holder
    if is_suspended(holder):
        yield Finding("engine", False, f"pid {pid} is suspended and does nothing", wake(holder))
        return
    silent = seconds_between(row.seen_at, now()) if row else None
    if silent is not None and silent > SILENT_SECONDS:
        problem = f"pid {pid} on {host} has not reported for {units.duration(silent)}"
        yield Finding("engine", False, problem, "Read its log, then run: safelight engine restart")
        return
    yield Finding("engine", True, f"runs, pid {pid} on {host}")


def check_preparing(workspace: Workspace) -> Iterator[Finding]:
    """Check that no batch is stuck half-queued."""
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with workspace.reading() as connection:
        stale = long_preparing(connection, hour_ago.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    for batch_id, preparer, since in stale:
        problem = f"{batch_name(batch_id)} is being queued since {since} by {preparer or 'nobody'}"
        remedy = "If that process is gone, any command run on its machine clears this."
        yield Finding("queueing", False, problem, remedy)
    if not stale:
        yield Finding("queueing", True, "nothing is half-queued")


def check_parked(workspace: Workspace) -> Iterator[Finding]:
    """List the blocked lanes and the parked jobs."""
    with workspace.reading() as connection:
        parked = parked_reasons(connection)
        blocked = [lane for lane in lanes(connection) if lane.state == "blocked"]
    if workspace.engine_process() is not None:
        for lane in blocked:
            yield Finding(
                "lane", False, f"{lane.name} is blocked ({lane.reason})", lane.message or ""
            )
    for batch_id, reason, message, count in parked:
        name = batch_name(batch_id)
        problem = f"{count} of {name} parked ({reason})"
        verb = {"unknown-outcome": "retry", "approval": "approve"}.get(reason, "resume")
        yield Finding("parked", False, problem, f"{message} Then: safelight {verb} {name}")
    if not parked:
        yield Finding("parked", True, "no job waits for anything")


def check_artifacts(workspace: Workspace, *, deep: bool) -> Iterator[Finding]:
    """Check that every referenced stored file is present, with its size and hash.

    Args:
        workspace: The workspace.
        deep: Read every file and check its hash.
    """
    try:
        artifacts = workspace.artifacts
    except Blocked as error:
        yield Finding("files", False, error.message, error.remedy)
        return
    if isinstance(artifacts, CachedArtifacts):
        yield from check_far_files(workspace, artifacts, deep=deep)
        return
    gone, damaged, count = [], [], 0
    with workspace.reading() as connection:
        sizes: dict[str, int | None] = dict(named_hashes(connection))
        sizes = {**dict.fromkeys(mentioned_hashes(connection)), **sizes}
    for hash_, size in sizes.items():
        path, count = artifacts.path(hash_), count + 1
        if not artifacts.has(hash_):
            gone.append(hash_)
        elif not _is_whole(path, hash_, size, deep=deep):
            damaged.append(hash_)
    remedy = "Restore them from a backup, or retry the jobs to make them again."
    if gone:
        problem = f"{_files(len(gone))} gone: {some(gone)}"
        yield Finding("files", False, problem, remedy)
    if damaged:
        problem = f"{_files(len(damaged))} damaged: {some(damaged)}"
        yield Finding("files", False, problem, f"Remove them, then: {remedy}")
    if not gone and not damaged:
        how = "there and have their hashes" if deep else "there (--deep checks their hashes)"
        yield Finding("files", True, f"{'all ' if count > 1 else ''}{_files(count)} {how}")


def _files(count: int) -> str:
    return pluralize(count, "stored file is", "stored files are")


def _is_whole(path: Path, hash_: str, size: int | None, *, deep: bool) -> bool:
    if size is not None and path.stat().st_size != size:
        return False
    if not deep:
        return True
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == hash_


def _size_of(path: Path) -> str:
    return units.size(path.stat().st_size)


STORE_CHECKS: tuple[Check, ...] = (
    check_store,
    check_privacy,
    check_disk,
    check_engine,
    check_preparing,
    check_parked,
    check_backends,
    check_recipes,
)
"""Every check of a workspace except that of its files, which can take long."""
