"""Options and words that commands share which queue a new batch from another one."""

from collections.abc import Mapping
from typing import Any

import click

from engine.client.command_text import command_line
from engine.client.options import QueueOptions
from engine.client.workspace import Workspace


def options_of(flags: Mapping[str, Any]) -> QueueOptions:
    """Return the options of a batch that is queued from another one.

    Args:
        flags: `name`, `overrides`, `priority` and `budget` of the command.
    """
    return QueueOptions(
        name=flags["name"] or None,
        overrides=flags["overrides"],
        priority=flags["priority"],
        budget=flags["budget"],
    )


def tell_queued(workspace: Workspace, sentence: str) -> None:
    """Print that something is queued, and how to start an engine if none runs."""
    click.echo(sentence)
    if workspace.engine_process() is None:
        start = command_line(workspace.shown_root, "engine")
        click.echo(f"No engine runs on this workspace; start one: {start}")
