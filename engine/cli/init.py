"""`safelight init`: create an empty workspace."""

import os
from pathlib import Path

import click

from engine.cli import render
from engine.cli.options import workspace_option
from engine.cli.settings_text import settings_toml
from engine.client.recipes import installed_catalog
from engine.client.workspace import Workspace

_IGNORE = b"# Made by Safelight: the store is not for version control.\n*\n"


@click.command()
@workspace_option
def init(workspace: Path) -> int:
    """Create a workspace: its private folder, an empty store and a commented safelight.toml.

    Existing files are left unchanged.
    """
    opened = Workspace(workspace, create=True)
    created = [
        path
        for path, content in (
            (opened.paths.private / ".gitignore", _IGNORE),
            (opened.paths.settings, settings_toml(installed_catalog()).encode()),
        )
        if write_new(path, content)
    ]
    render.say(f"The workspace is {opened.paths.root.absolute()}.")
    render.say(*(f"Wrote {path}." for path in created))
    render.say("Queue something: safelight run refine prompts.json")
    return 0


def write_new(path: Path, content: bytes) -> bool:
    """Write a file unless there is one, or a link; return whether it was written.

    Raises:
        OSError: It cannot be written whole; nothing of it is left.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        return False
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True
