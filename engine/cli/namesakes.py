"""Warnings about names that a newer batch asked for too."""

from collections.abc import Sequence

import click

from engine.cli import render
from engine.client.ids import namesake
from engine.client.workspace import Workspace


def warn_of_namesakes(workspace: Workspace, ids: Sequence[str]) -> None:
    """Print which batch each name refers to if a newer one asked for the same name."""
    with workspace.reading() as connection:
        notes = [namesake(connection, text) for text in ids]
    for sentence in filter(None, notes):
        click.echo(render.shown(sentence, None).plain, err=True)
