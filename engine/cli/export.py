"""`safelight export`: write the results of a batch from the store."""

from pathlib import Path

import click

from db.rating import ranks_of
from engine.cli import render
from engine.cli.doors import remote_door
from engine.cli.options import workspace_option
from engine.cli.trouble import FAILED, CliError
from engine.client.exporting import export_batch
from engine.client.ids import batch_name, find_batch
from engine.client.workspace import Workspace
from engine.text.folder_names import BATCH_SUMMARY
from engine.text.plural import pluralize


@click.command()
@click.argument("batch")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--rating", help="Only jobs rated like this: 4, keep, reject, '>=4'.")
@click.option("--min-rating", type=click.IntRange(1, 5), help="Only jobs rated so or better.")
@workspace_option
def export(
    workspace: Path,
    batch: str,
    folder: Path | None,
    rating: str | None,
    min_rating: int | None,
) -> int:
    """Write the results of BATCH to DIR: a new or empty folder, or an earlier export of it.

    Without DIR, the batch's folders under outputs are written again in place. Ratings are written
    with the results; `keep` is better than 5. With some jobs only, no summary is written. With
    --server, each job's files and its job.json are written to DIR, by default one of its name here.
    """
    if remote := remote_door():
        from engine.cli.remote.jobs import export_there

        if rating or min_rating:
            raise click.UsageError("A server's results are written whole; leave out the ratings.")
        return export_there(remote, batch, folder)
    ratings = _ratings(rating, min_rating)
    opened = Workspace(workspace)
    with opened.reading() as connection:
        row = find_batch(connection, batch)
        try:
            exported = export_batch(opened, connection, row, folder, ratings)
        except OSError as error:
            raise CliError(f"{error.filename or folder}: {error.strerror}.") from error
    for problem in exported.problems:
        click.echo(render.shown(problem, None).plain, err=True)
    where = folder or opened.shown_root / row.outputs
    render.say(f"Wrote {pluralize(exported.jobs, 'job')} of {batch_name(row.id)} to {where}.")
    if not exported.is_complete and ratings is None:
        render.say(f"{BATCH_SUMMARY} is written once the batch has ended.")
    return FAILED if exported.problems else 0


def _ratings(rating: str | None, min_rating: int | None) -> frozenset[int] | None:
    """Return the ranks that both options accept; None without them."""
    accepted = ranks_of(f">={min_rating}") if min_rating else None
    if rating is None:
        return accepted
    named = ranks_of(rating)
    if named is None:
        raise click.BadParameter("1 to 5, keep, reject, or >=4, <3.", param_hint="--rating")
    return named if accepted is None else named & accepted
