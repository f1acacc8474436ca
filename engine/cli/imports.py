"""`safelight import`: import an existing folder of results."""

from itertools import islice
from pathlib import Path

import click

from db.errors import LinkFound
from db.queries.batches import batch
from engine.cli import render
from engine.cli.export import Exporter
from engine.cli.options import workspace_option
from engine.cli.trouble import FAILED
from engine.client.ids import batch_name, renamed
from engine.client.workspace import Workspace
from engine.queueing.import_results import ImportSummary, SkippedItem, import_folder, import_tree
from engine.text.plural import pluralize

_SHOWN_PROBLEMS = 100

RECIPE = "refine"
"""Recipe whose results can be read back."""


@click.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", default="", help="The batch's name (default: the folder's).")
@workspace_option
def import_(workspace: Path, folder: Path, name: str) -> int:
    """Import FOLDER, results that Safelight or an older script wrote.

    FOLDER is outputs, outputs/results, or one batch's or one job's folder; it is not changed.
    Images and fields that cannot be read are listed (exit code 1); the rest is imported.
    """
    opened = Workspace(workspace)
    refine = opened.catalog.recipe(RECIPE)
    results = import_folder(opened.paths.root, opened.settings, refine)
    done = import_tree(opened.paths, opened.store, refine, results, folder, name)
    _tell_left(done.left)
    _write_outputs(opened, done)
    with opened.reading() as connection:
        note = renamed(connection, done.batch_id, done.wanted_name)
    name = batch_name(done.batch_id)
    render.say(f"Imported {pluralize(done.jobs, 'job')} as {name}. {note}".rstrip())
    return FAILED if done.left else 0


def _tell_left(left: SkippedItem) -> None:
    for problem in left.problems[:_SHOWN_PROBLEMS]:
        _warn(f"{problem.path} {problem.message}")
    for name, (count, path) in islice(left.fields.items(), _SHOWN_PROBLEMS):
        where = f"{path}" + (f" and {pluralize(count - 1, 'more file')}" if count > 1 else "")
        _warn(f"{where} has an unknown field {name}")
    if left.problems:
        _warn(f"{pluralize(len(left.problems), 'thing was', 'things were')} left out.")
    if left.fields:
        _warn(f"{pluralize(len(left.fields), 'field was', 'fields were')} left out.")
    if left.others:
        _warn(f"{pluralize(left.others, 'other file was', 'other files were')} not read.")


def _warn(text: str) -> None:
    click.echo(render.shown(text, None).plain, err=True)


def _write_outputs(workspace: Workspace, done: ImportSummary) -> None:
    """Write the batch's own folders; they are a projection, so an error here loses nothing."""
    with workspace.reading() as connection:
        imported = batch(connection, done.batch_id)
        if imported is None:
            return
        try:
            problems = Exporter(workspace, connection, imported, None).write()[1]
        except (OSError, LinkFound) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
            problems = [f"Outputs could not be written: {reason}."]
            problems.append(f"Later: safelight export {batch_name(done.batch_id)}")
    for problem in problems:
        _warn(problem)
