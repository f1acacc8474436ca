"""`safelight events`: the history of events in the store."""

import contextlib
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from db.queries.history import data_version, events_after
from db.queries.upkeep import before_last_events
from db.rows import EventRow
from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.client.documents.events import event_document
from engine.client.ids import batch_name, job_name, resolve
from engine.client.workspace import Workspace

FOLLOW_SECONDS = 0.2
FOLLOW_LAST = 10
_STYLES = {"warning": "yellow", "error": "red"}


@click.command()
@click.argument("id_", metavar="[BATCH|JOB]", required=False)
@click.option("--follow", "-f", is_flag=True, help="Keep printing new events until Ctrl-C.")
@click.option(
    "--last", type=click.IntRange(min=0), help="Start with the newest N (default: all; 10 with -f)."
)
@json_option
@workspace_option
def events(
    workspace: Path, id_: str | None, last: int | None, *, follow: bool, as_json: bool
) -> int:
    """Show events, oldest first: of the workspace, a batch or a job."""
    opened, console = Workspace(workspace), render.console()
    if last is None and follow:
        last = FOLLOW_LAST
    with opened.reading() as connection, contextlib.suppress(KeyboardInterrupt):
        batch_id, job_id = _scope(connection, id_)
        for event in _read(connection, batch_id, job_id, last, follow=follow):
            _print(console, event, as_json=as_json)
    return 0


def _scope(connection: sqlite3.Connection, text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    named = resolve(connection, text)
    return (None, named.job.id) if named.job else (named.batch.id, None)


def _read(
    connection: sqlite3.Connection,
    batch_id: int | None,
    job_id: int | None,
    last: int | None,
    *,
    follow: bool,
) -> Iterator[EventRow]:
    seen = 0
    if last is not None:
        seen = before_last_events(connection, last, batch_id=batch_id, job_id=job_id)
    version = -1
    while True:
        current = data_version(connection)
        while page := events_after(connection, seen, batch_id=batch_id, job_id=job_id):
            yield from page
            seen = page[-1].id
        if not follow:
            return
        sys.stdout.flush()
        version = current
        while data_version(connection) == version:
            time.sleep(FOLLOW_SECONDS)


def _print(console: Console, event: EventRow, *, as_json: bool) -> None:
    if as_json:
        click.echo(render.to_json(event_document(event)))
        return
    about = job_name(event.job_id) if event.job_id else ""
    about = about or (batch_name(event.batch_id) if event.batch_id else "-")
    head = Text(f"{event.at[:19].replace('T', ' ')} {about:<6} ", style="dim")
    line = render.shown(f"{event.type} {event.message}", 400, _STYLES.get(event.level, ""))
    console.print(head + line, no_wrap=True, overflow="ellipsis")
