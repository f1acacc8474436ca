"""`safelight gc`: disk usage by batch, and unreferenced stored files."""

import shutil
import sys
from pathlib import Path

import click

from db.queries.history import disk_use
from engine.cli import render
from engine.cli.options import workspace_option
from engine.client.ids import batch_name
from engine.client.unreferenced import (
    StillUsed,
    find_unnamed,
    remove_unnamed,
    stored_bytes,
)
from engine.client.workspace import Workspace
from engine.text import units
from engine.text.plural import pluralize


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
    except StillUsed as error:
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
    stored = stored_bytes(workspace)
    free = shutil.disk_usage(workspace.paths.root).free
    render.say("", f"Stored: {units.size(stored)}. Free on this disk: {units.size(free)}.")


def _may_remove(*, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        render.say("Remove them with: safelight gc --yes")
        return False
    return click.confirm("Remove them?")
