"""`safelight artifacts`: files in an object store, and moving them there and back."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.cli.trouble import FAILED
from engine.client.object_store import FarFiles, count_own_files, some
from engine.client.workspace import Workspace
from engine.text import units
from engine.text.plural import pluralize


@click.group()
def artifacts() -> None:
    """Show where stored files live; move them to an object store and back."""


@artifacts.command()
@json_option
@workspace_option
def status(workspace: Path, *, as_json: bool) -> int:
    """Show how many files are in the object store, only here, and nowhere."""
    opened = Workspace(workspace)
    if not opened.artifacts.is_remote:
        return _local_status(opened, as_json=as_json)
    files = FarFiles(opened)
    state, held = files.state, files.held_results()
    count, size = files.cache_use()
    document = {
        "store": files.place,
        "files": len(state.named),
        "in_store": len(state.safe),
        "in_store_bytes": state.bytes_of(state.safe),
        "only_here": len(state.to_push),
        "gone": len(state.gone),
        "unnamed_in_store": len(state.unnamed),
        "results_waiting": held,
        "cache": str(files.cache),
        "cached_files": count,
        "cached_bytes": size,
    }
    if as_json:
        render.print_json(document, indent=2)
    else:
        render.say(*_status_lines(files, held, count, size))
    return FAILED if state.gone else 0


def _local_status(opened: Workspace, *, as_json: bool) -> int:
    folder = opened.paths.artifacts
    count = count_own_files(opened)
    if as_json:
        render.print_json({"store": None, "folder": str(folder), "files": count}, indent=2)
    else:
        render.say(f"{pluralize(count, 'file')} in {folder}. No object store is set: [artifacts].")
    return 0


def _status_lines(files: FarFiles, held: int, count: int, size: int) -> Iterator[str]:
    state = files.state
    yield f"Object store: {files.place}"
    there = pluralize(len(state.safe), "file")
    yield f"{there} of {len(state.named)} there, {units.size(state.bytes_of(state.safe))}."
    if only := state.to_push:
        yield f"{pluralize(len(only), 'file is', 'files are')} only here: safelight artifacts push"
    if state.gone:
        yield f"{pluralize(len(state.gone), 'file is', 'files are')} gone: {some(state.gone)}"
    if held:
        yield f"{pluralize(held, 'result waits', 'results wait')} for the object store."
    if state.unnamed:
        names = pluralize(len(state.unnamed), "file")
        yield f"{names} there without a reference: safelight gc"
    yield f"Cache: {pluralize(count, 'file')}, {units.size(size)}, in {files.cache}."


@artifacts.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be uploaded.")
@workspace_option
def push(workspace: Path, *, dry_run: bool) -> int:
    """Upload the files that are only here to the object store of [artifacts].

    It can be interrupted and repeated. Files stay in the cache, up to its size.
    """
    files = FarFiles(Workspace(workspace))
    state = files.state
    todo = state.to_push
    size = units.size(files.bytes_here(todo))
    render.say(f"{pluralize(len(todo), 'file')} to upload, {size}; {len(state.safe)} there.")
    _say_gone(state.gone)
    if dry_run or not todo:
        return FAILED if state.gone else 0
    with _counting(len(todo)) as done:
        lost = files.push(todo, done)
    _say_damaged(lost)
    render.say(f"Uploaded {pluralize(len(todo) - len(lost), 'file')} to {files.place}.")
    return FAILED if lost or state.gone else 0


@artifacts.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be downloaded.")
@workspace_option
def pull(workspace: Path, *, dry_run: bool) -> int:
    """Download every file into the workspace's own folder, whatever the size of the cache.

    It can be interrupted and repeated; no engine may run. Then remove url from [artifacts]. Nothing
    is removed from the object store.
    """
    opened = Workspace(workspace)
    files = FarFiles(opened)
    state, todo = files.state, files.missing
    size = units.size(state.bytes_of(todo))
    render.say(f"{pluralize(len(todo), 'file')} to download, {size}.")
    _say_gone(state.gone)
    if dry_run:
        return FAILED if state.gone else 0
    with _counting(len(todo)) as done:
        lost = files.pull(todo, done)
    _say_damaged(lost)
    if lost or state.gone:
        return FAILED
    render.say(
        f"Every file is in {opened.paths.artifacts}. Remove url from [artifacts] to use it alone."
    )
    return 0


@artifacts.command()
@click.option("--deep", is_flag=True, help="Read every file there and check its hash.")
@workspace_option
def verify(workspace: Path, *, deep: bool) -> int:
    """Check that every file is in the object store with its size; exit code 1 if one is not."""
    files = FarFiles(Workspace(workspace))
    state = files.state
    wrong: list[str] = []
    if deep:
        with _counting(len(state.safe)) as done:
            wrong = files.verify(state.safe, done)
    if state.to_push:
        names = pluralize(len(state.to_push), "file is", "files are")
        render.say(f"{names} only here: safelight artifacts push")
    _say_gone(state.gone)
    if wrong:
        names = pluralize(len(wrong), "file has", "files have")
        render.say(f"{names} other bytes there: {some(wrong)}. Retry the jobs, or push again.")
    if wrong or state.gone or state.to_push:
        return FAILED
    how = "has its bytes" if deep else "has its size (--deep reads them)"
    render.say(f"Each of {pluralize(len(state.safe), 'file')} is there and {how}.")
    return 0


@contextlib.contextmanager
def _counting(total: int) -> Iterator[Callable[[str], object]]:
    """Show progress on a terminal."""
    with click.progressbar(length=total, hidden=not render.console().is_terminal) as bar:
        yield lambda _hash: bar.update(1)


def _say_gone(hashes: list[str]) -> None:
    if hashes:
        names = pluralize(len(hashes), "file is", "files are")
        render.say(f"{names} neither here nor there: {some(hashes)}. Retry the jobs.")


def _say_damaged(hashes: list[str]) -> None:
    if hashes:
        names = pluralize(len(hashes), "file is", "files are")
        render.say(f"{names} gone or damaged and set aside: {some(hashes)}. Retry the jobs.")
