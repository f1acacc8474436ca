"""`safelight db`: the store itself."""

from pathlib import Path

import click

from db.store import Store
from engine.cli import render
from engine.cli.options import workspace_option
from engine.cli.trouble import FAILED
from engine.config.paths import WorkspacePaths


@click.group()
def db() -> None:
    """Check, back up or locate the store."""


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
    render.say(f"Wrote {file} ({render.size(file.stat().st_size)}).")
    return 0


@db.command()
@workspace_option
def path(workspace: Path) -> int:
    """Print the path of the store."""
    render.say(str(Store(WorkspacePaths(workspace).store).path.absolute()))
    return 0
