"""Stored files that nothing references: listed, and removed."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.queries.history import is_named, named_hashes
from db.queries.upkeep import mentioned_hashes
from engine.client.opened import OpenedWorkspace
from engine.provenance.copies import SignedCopies
from engine.runtime.intake_lock import IntakeBusy, nothing_taken_in
from engine.runtime.lock import EngineLock, WorkspaceBusy
from engine.runtime.objects.cached import CachedArtifacts
from engine.text.errors import UserError

FRESH_SECONDS = 3600
"""Minimum age of a removed file: a file is written before the row that references it."""

_TEMPORARY = ".new-*"


@dataclass(frozen=True, slots=True)
class UnreferencedFile:
    """Stored file that nothing references.

    Attributes:
        path: The file.
        size: Its size in bytes.
        hash: Its hash; empty for a file that a killed process left half-written.
        far: True if it is in the object store.
    """

    path: Path
    size: int
    hash: str = ""
    far: bool = False


class StillUsed(UserError):
    """Nothing can be removed while an engine runs or an input is read."""


def find_unnamed(workspace: OpenedWorkspace) -> Iterator[UnreferencedFile]:
    """Yield stored files older than an hour that no row, input or decision references."""
    artifacts = workspace.artifacts
    stored = artifacts.hashes()  # before the rows, so that files written meanwhile are left out
    far = list(artifacts.remote.objects()) if isinstance(artifacts, CachedArtifacts) else []
    named = _named(workspace)
    for item in far if isinstance(artifacts, CachedArtifacts) and artifacts.owns else ():
        if item.hash not in named and item.is_older_than(FRESH_SECONDS):
            yield UnreferencedFile(artifacts.path(item.hash), item.size, item.hash, far=True)
    for hash_ in stored:
        path = artifacts.path(hash_)
        if hash_ not in named and _is_old(path):
            yield UnreferencedFile(path, path.stat().st_size, hash_)
    for path in _stored(artifacts.folder):
        if path.match(_TEMPORARY) and _is_old(path):
            yield UnreferencedFile(path, path.stat().st_size)


def remove_unnamed(
    workspace: OpenedWorkspace, files: list[UnreferencedFile]
) -> list[UnreferencedFile]:
    """Remove files that are still old and unreferenced; return the removed ones.

    No engine may run and no input be read: both reuse an existing file before they reference it.

    Raises:
        StillUsed: An engine runs, or something is being queued or imported.
    """
    paths = workspace.paths
    try:
        with EngineLock(paths.lock), nothing_taken_in(paths.intake_lock):
            return _remove(workspace, files)
    except (WorkspaceBusy, IntakeBusy) as error:
        raise StillUsed(str(error)) from None


def _remove(workspace: OpenedWorkspace, files: list[UnreferencedFile]) -> list[UnreferencedFile]:
    """Remove files, with nobody else at work on the workspace."""
    removed = []
    with workspace.reading() as connection:
        mentioned = set(mentioned_hashes(connection))
        for item in files:
            named = item.hash in mentioned or (item.hash and is_named(connection, item.hash))
            if named or not (item.far or _is_old(item.path)):
                continue
            if item.far:
                removed.append(item)
                continue
            with contextlib.suppress(FileNotFoundError):
                item.path.unlink()
                removed.append(item)
        if far := [item.hash for item in removed if item.far]:
            workspace.artifacts.remove(far)
        hashes = {item.hash for item in removed}
        is_far = workspace.artifacts.is_remote
        workspace.thumbnails.remove_without(
            lambda hash_: hash_ not in hashes and (is_far or workspace.artifacts.has(hash_))
        )
        SignedCopies(workspace.paths.signed, 0).remove_of(
            item.hash for item in removed if item.hash
        )
    return removed


def _named(workspace: OpenedWorkspace) -> set[str]:
    with workspace.reading() as connection:
        named = {hash_ for hash_, _ in named_hashes(connection)}
        return named.union(mentioned_hashes(connection))


def stored_bytes(workspace: OpenedWorkspace) -> int:
    """Return the bytes of all stored files that are here."""
    return sum(path.stat().st_size for path in _stored(workspace.artifacts.folder))


def _stored(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("[0-9a-f][0-9a-f]/*") if path.is_file())


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > FRESH_SECONDS
    except FileNotFoundError:
        return False
