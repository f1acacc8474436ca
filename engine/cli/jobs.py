"""`safelight jobs`: the jobs of a batch in the order of its input."""

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import click
from rich.cells import set_cell_size
from rich.text import Text

from db.queries import jobs as queries
from db.queries.worked import worked
from db.rows import JobRow
from db.schema import JOB_STATES
from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.client.documents import VERSION
from engine.client.documents.jobs import job_document, trouble_of
from engine.client.ids import find_batch, job_name
from engine.client.workspace import Workspace
from engine.text.terminal import clean

_WIDTHS = (8, 28, 13, 5, 6, 9, 8)
_HEADINGS = ("id", "key", "state", "turns", "best", "cost", "time", "")


@click.command()
@click.argument("batch")
@click.option("--state", type=click.Choice(JOB_STATES), help="Only jobs in this state.")
@json_option
@workspace_option
def jobs(workspace: Path, batch: str, state: str | None, *, as_json: bool) -> int:
    """List the jobs of BATCH in the order of its input."""
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
    console = render.console()
    first = next(rows, None)
    if first is None:
        console.print("No such jobs.")
        return
    console.print(Text(" ".join(map(_fit, _HEADINGS, (*_WIDTHS, 0))).rstrip(), style="bold"))
    for job in itertools.chain([first], rows):
        line = _line(connection, job)
        if console.is_terminal:
            console.print(line, no_wrap=True, overflow="ellipsis")
        else:
            click.echo(line.plain)  # a pipe has no colour and no width, and is not kept waiting


def _line(connection: sqlite3.Connection, job: JobRow) -> Text:
    shape = render.state(job.state)
    values = (
        job_name(job.id),
        clean(job.key, 80),
        shape.plain,
        str(job.iterations or ""),
        render.score(job.score),
        render.money(job.cost),
        render.duration(worked(connection, [job.id])[job.id].seconds),
    )
    line = Text(" ".join(map(_fit, values, _WIDTHS)))
    begin = sum(_WIDTHS[:2]) + 2
    line.stylize(shape.style, begin, begin + len(shape.plain))
    line = line + Text(" ") + render.shown(trouble_of(connection, job) or _stage(job), 300)
    line.rstrip()
    return line


def _stage(job: JobRow) -> str:
    return (job.stage or "") if job.state == "running" else ""


def _fit(text: str, width: int) -> str:
    """Pad or cut a text to a number of terminal columns; some characters take two."""
    if not width:
        return text
    fitted = set_cell_size(text, width)
    return fitted if fitted.rstrip() == text else set_cell_size(text, width - 1) + "…"
