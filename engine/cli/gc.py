"""`safelight gc`: disk usage by batch, and unreferenced stored files."""

import contextlib
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from db.queries.history import disk_use, is_named, named_hashes
from db.queries.upkeep import mentioned_hashes
from engine.cli import render
from engine.cli.options import workspace_option
from engine.client.ids import batch_name
from engine.client.workspace import Workspace
from engine.provenance.copies import SignedCopies
from engine.runtime.intake_lock import IntakeBusy, nothing_taken_in
from engine.runtime.lock import EngineLock, WorkspaceBusy
from engine.runtime.objects.cached import CachedArtifacts
from engine.text import units
from engine.text.plural import pluralize

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


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@workspace_option
def gc(workspace: Path, *, dry_run: bool, yes: bool) -> int:
    """Show disk usage by batch and delete unreferenced stored files.

    Files younger than an hour are kept, and nothing is deleted while an engine runs or an input is
    being read.
    """
    opened = Workspace(workspace)
    _show_use(opened)
    unnamed = list(find_unnamed(opened))
    total = units.size(sum(item.size for item in unnamed))
    if not unnamed:
        render.say("Every stored file is referenced; there is nothing to remove.")
        return 0
    render.say(f"{pluralize(len(unnamed), 'file')} without a reference: {total}.")
    if dry_run or not _may_remove(yes=yes):
        return 0
    try:
        removed = remove_unnamed(opened, unnamed)
    except (WorkspaceBusy, IntakeBusy) as error:
        render.say(f"{error} Nothing is removed while it runs; try again once it has ended.")
        return 0
    count = units.size(sum(item.size for item in removed))
    render.say(f"Removed {pluralize(len(removed), 'file')}: {count}.")
    return 0


def _show_use(workspace: Workspace) -> None:
    table = render.table("batch", "name", "files", "size", right=("files", "size"), stretch="name")
    with workspace.reading() as connection:
        for batch_id, name, files, count in disk_use(connection):
            cells = (batch_name(batch_id), render.shown(name, 60), str(files), units.size(count))
            table.add_row(*cells)
    render.console().print(table)
    folder = workspace.artifacts.folder
    stored = sum(path.stat().st_size for path in _stored(folder))
    free = shutil.disk_usage(workspace.paths.root).free
    render.say("", f"Stored: {units.size(stored)}. Free on this disk: {units.size(free)}.")


def _may_remove(*, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        render.say("Remove them with: safelight gc --yes")
        return False
    return click.confirm("Remove them?")


def find_unnamed(workspace: Workspace) -> Iterator[UnreferencedFile]:
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


def remove_unnamed(workspace: Workspace, files: list[UnreferencedFile]) -> list[UnreferencedFile]:
    """Remove files that are still old and unreferenced; return the removed ones.

    No engine may run and no input be read: both reuse an existing file before they reference it.

    Raises:
        WorkspaceBusy: An engine runs.
        IntakeBusy: Something is being queued or imported.
    """
    removed = []
    paths = workspace.paths
    with (
        EngineLock(paths.lock),
        nothing_taken_in(paths.intake_lock),
        workspace.reading() as connection,
    ):
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
        SignedCopies(paths.signed, 0).remove_of(item.hash for item in removed if item.hash)
    return removed


def _named(workspace: Workspace) -> set[str]:
    with workspace.reading() as connection:
        named = {hash_ for hash_, _ in named_hashes(connection)}
        return named.union(mentioned_hashes(connection))


def _stored(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("[0-9a-f][0-9a-f]/*") if path.is_file())


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > FRESH_SECONDS
    except FileNotFoundError:
        return False
