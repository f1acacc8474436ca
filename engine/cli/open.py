"""`safelight open`: a file of a job in a viewer or a player."""

from pathlib import Path

import click

from engine.cli.control import operator_command
from engine.cli.options import workspace_option
from engine.client.opening.copies import copy_of
from engine.client.workspace import Workspace


@operator_command("open")
@click.argument("job", metavar="JOB[:PART]")
@click.argument("part", required=False, default="")
@click.option("--print", "prints", is_flag=True, help="Print the path of a copy; open nothing.")
@workspace_option
def open_(job: str, part: str, workspace: Path, *, prints: bool) -> int:
    """JOB is j1 or BATCH/KEY. PART is as for `send`, or a field of the input, such as sound.

    By default it is the job's best result.

    The file is copied to a folder for temporary files, with the suffix of its kind, and the copy is
    opened. Ctrl-C stops a player. Without a display or a player the command prints the path.
    """
    opened = Workspace(workspace)
    if prints:
        click.echo(copy_of(opened.file(job, part), opened.artifacts))
        return 0
    running = opened.open(job, part)
    if not running.program.plays:
        click.echo(f"Opened in {running.program.name}: {running.path}")
        return 0
    click.echo(f"Playing in {running.program.name}, Ctrl-C stops: {running.path}")
    try:
        failed = running.wait()
    finally:
        running.stop()
    if failed:
        click.echo(failed, err=True)
    return 1 if failed else 0
