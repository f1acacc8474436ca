"""`safelight jobs`: the jobs of a batch in the order of its input."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from db.queries import jobs as queries
from db.queries.worked import worked
from db.rows import JobRow
from db.schema import JOB_STATES
from engine.cli import render
from engine.cli.doors import remote_door
from engine.cli.job_lines import print_lines
from engine.cli.options import json_option, workspace_option
from engine.client.documents import VERSION
from engine.client.documents.jobs import job_document, trouble_of
from engine.client.ids import find_batch, job_name
from engine.client.workspace import Workspace
from engine.text.amounts import dollars


@click.command()
@click.argument("batch")
@click.option("--state", type=click.Choice(JOB_STATES), help="Only jobs in this state.")
@json_option
@workspace_option
def jobs(workspace: Path, batch: str, state: str | None, *, as_json: bool) -> int:
    """List the jobs of BATCH in the order of its input."""
    if remote := remote_door():
        from engine.cli.remote.jobs import show_jobs

        return show_jobs(remote, batch, state, as_json=as_json)
    opened = Workspace(workspace)
    with opened.reading() as connection:
        rows = queries.all_jobs(connection, find_batch(connection, batch).id, state)
        if as_json:
            _print_json(connection, rows, opened.paths.root)
        else:
            _print_lines(connection, rows)
    return 0


def _print_json(connection: sqlite3.Connection, rows: Iterator[JobRow], root: Path) -> None:
    """Write one document as the jobs are read, with one line per job."""
    click.echo(f'{{"version": {VERSION}, "jobs": [', nl=False)
    for number, job in enumerate(rows):
        document = job_document(connection, job, root)
        click.echo(("," if number else "") + "\n" + render.to_json(document), nl=False)
    click.echo("\n]}")


def _print_lines(connection: sqlite3.Connection, rows: Iterator[JobRow]) -> None:
    print_lines(_line_document(connection, job) for job in rows)


def _line_document(connection: sqlite3.Connection, job: JobRow) -> dict[str, Any]:
    """Return a job as its line needs it; its folder is not looked at."""
    return {
        "id": job_name(job.id),
        "key": job.key,
        "status": job.state,
        "iterations": job.iterations,
        "best_score": job.score,
        "cost_usd": dollars(job.cost),
        "seconds": worked(connection, [job.id])[job.id].seconds,
        "error": trouble_of(connection, job),
        "stage": job.stage,
    }
