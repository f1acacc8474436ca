"""`safelight import`: import an existing folder of results."""

from pathlib import Path

import click

from engine.cli import render
from engine.cli.options import workspace_option
from engine.cli.trouble import FAILED
from engine.client.importing import import_results
from engine.client.workspace import Workspace
from engine.text.plural import pluralize


@click.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", default="", help="The batch's name (default: the folder's).")
@workspace_option
def import_(workspace: Path, folder: Path, name: str) -> int:
    """Import FOLDER, results that Safelight or an older script wrote.

    FOLDER is outputs, outputs/results, or one batch's or one job's folder; it is not changed.
    Images and fields that cannot be read are listed (exit code 1); the rest is imported.
    """
    done = import_results(Workspace(workspace), folder, name)
    for warning in done.warnings:
        click.echo(render.shown(warning, None).plain, err=True)
    render.say(f"Imported {pluralize(done.jobs, 'job')} as {done.batch}. {done.note}".rstrip())
    return 0 if done.is_whole else FAILED
