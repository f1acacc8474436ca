"""Commands that keep and put away: ratings, stars, notes, archived and deleted batches."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from db.rating import NOTE_LIMIT
from engine.cli import render
from engine.cli.control import carry_out, operator_command, tell
from engine.cli.doors import door, step_in
from engine.cli.options import workspace_option
from engine.client.ids import find_batch
from engine.client.keeping import rating_arguments
from engine.client.workspace import Workspace
from engine.text import units
from engine.text.plural import pluralize

RATINGS = ("1", "2", "3", "4", "5", "keep", "reject", "none")
_BATCHES = click.argument("batches", nargs=-1, required=True, metavar="BATCH...")


@operator_command("rate")
@click.argument("job", metavar="JOB[:PART]")
@click.argument("value", type=click.Choice(RATINGS), required=False)
@click.option("--note", help="A note in place of the one before; empty for none.")
@workspace_option
def rate(workspace: Path, job: str, value: str | None, note: str | None) -> int:
    """JOB is j1 or BATCH/KEY; PART is a part of it as for `send`, such as iteration-2.

    `none` takes the rating away. A job without a rating of its own counts with the best of its
    parts. `safelight export` writes ratings into the results, and exports by them.
    """
    if value is None and note is None:
        raise click.UsageError("Say how: 1 to 5, keep, reject or none, or --note TEXT.")
    _refuse_long(note)
    opened = door(workspace)
    if not isinstance(opened, Workspace):
        subject, _, part = job.partition(":")
        rated = rating_arguments(value, note, part)
        return step_in(
            opened, "rate", [subject], {k: v for k, v in rated.items() if k != "part" or v}
        )
    target, part = opened.rated(job)
    arguments = rating_arguments(value, note, part)
    return tell(opened, [job], opened.commands.add("rate", [target], arguments, source="cli"))


@operator_command("star")
@_BATCHES
@click.option("--off", is_flag=True, help="Take the star away.")
@workspace_option
def star(workspace: Path, batches: tuple[str, ...], *, off: bool) -> int:
    """BATCH is b1 or its name."""
    return carry_out(door(workspace), "star", batches, {"on": not off})


@operator_command("note")
@click.argument("batch")
@click.argument("text", required=False, default="")
@workspace_option
def note(workspace: Path, batch: str, text: str) -> int:
    """Without TEXT, the note is removed."""
    _refuse_long(text)
    return carry_out(door(workspace), "note", [batch], {"text": text})


@operator_command("archive")
@_BATCHES
@workspace_option
def archive(workspace: Path, batches: tuple[str, ...]) -> int:
    """`safelight status --archived` lists them, `safelight unarchive` brings them back."""
    return carry_out(door(workspace), "archive", batches)


@operator_command("unarchive")
@_BATCHES
@workspace_option
def unarchive(workspace: Path, batches: tuple[str, ...]) -> int:
    """BATCH is b1 or its name."""
    return carry_out(door(workspace), "unarchive", batches)


@operator_command("delete")
@_BATCHES
@click.option("--dry-run", is_flag=True, help="Only say what would be freed.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@workspace_option
def delete(workspace: Path, batches: tuple[str, ...], *, dry_run: bool, yes: bool) -> int:
    """Files that other batches name stay, and so do files in the outputs that are not Safelight's.

    Only ended batches are deleted: cancel them first. While an engine works, rows go in small
    pieces, and stored files once it is idle.
    """
    opened = Workspace(workspace)
    _say_what_goes(opened, batches)
    if dry_run:
        return 0
    if not yes:
        if not sys.stdin.isatty():
            render.say("Delete with: safelight delete --yes " + " ".join(batches))
            return 0
        click.confirm("Delete for good?", abort=True)
    return carry_out(opened, "delete", batches)


def _say_what_goes(workspace: Workspace, batches: Sequence[str]) -> None:
    for text in dict.fromkeys(batches):
        with workspace.reading() as connection:
            row = find_batch(connection, text)
        freed = workspace.frees(text)
        stays = f"; {pluralize(freed.shared, 'file')} used elsewhere stay" if freed.shared else ""
        spent = f" {render.money(freed.cost)} stay counted as spent." if freed.cost else ""
        render.say(
            f"b{row.id} ({row.name}): {pluralize(freed.jobs, 'job')}, "
            f"{pluralize(freed.files, 'stored file')}, {units.size(freed.size)}{stays}.{spent}"
        )


def _refuse_long(text: str | None) -> None:
    if text is not None and len(text) > NOTE_LIMIT:
        raise click.UsageError(f"A note has at most {NOTE_LIMIT} characters.")
