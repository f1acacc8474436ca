"""`safelight db`: the store itself."""

from pathlib import Path

import click

from db.store import Store
from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.cli.trouble import FAILED
from engine.config.paths import WorkspacePaths
from engine.text import units
from engine.text.plural import pluralize


@click.group()
def db() -> None:
    """Check, back up, prune or locate the store."""


@db.command()
@workspace_option
def check(workspace: Path) -> int:
    """Check the store for damage; exit code 1 if there is any."""
    problems = Store(WorkspacePaths(workspace).store).check()
    if not problems:
        render.say("The store is sound.")
        return 0
    render.say(*problems, "Restore a backup, or copy what can be read: safelight export BATCH DIR")
    return FAILED


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@workspace_option
def backup(workspace: Path, file: Path) -> int:
    """Copy the store to FILE; safe while an engine runs. FILE must not exist.

    The stored files are not in it: copy the folder .safelight/artifacts beside it.
    """
    Store(WorkspacePaths(workspace).store).backup(file)
    render.say(f"Wrote {file} ({units.size(file.stat().st_size)}).")
    return 0


@db.command()
@workspace_option
def path(workspace: Path) -> int:
    """Print the path of the store."""
    render.say(str(Store(WorkspacePaths(workspace).store).path.absolute()))
    return 0


@db.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
@workspace_option
def prune(workspace: Path, *, dry_run: bool, as_json: bool) -> int:
    """Remove errors, calls, traces and unused uploads that are older than [store] keeps.

    An engine does so every ten minutes. What a resume, a decision or a sum of costs needs stays.
    """
    from engine.client.old_history import remove_history
    from engine.client.workspace import Workspace

    opened = Workspace(workspace)
    removed = remove_history(opened, dry=dry_run)
    if as_json:
        sizes = {kind: {"rows": one.rows, "bytes": one.size} for kind, one in removed.items()}
        render.print_json({"dry_run": dry_run, "removed": sizes})
        return 0
    uploads = removed["uploads"].rows
    if not uploads:
        del removed["uploads"]
    if not removed:
        render.say("All history is kept; see keep_errors, keep_calls and keep_traces of [store].")
    verb = "would be removed" if dry_run else "removed"
    for kind, one in removed.items():
        render.say(f"{kind}: {pluralize(one.rows, 'row')}, {units.size(one.size)} {verb}.")
    if any(one.rows for one in removed.values()) and not dry_run:
        render.say("The store reuses the room; its file does not shrink.")
    return 0
