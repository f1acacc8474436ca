"""`safelight events`: the history of events in the store."""

import contextlib
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.text import Text

from db.queries.history import data_version, events_after
from db.queries.upkeep import before_last_events
from db.rows import EventRow
from engine.cli import render
from engine.cli.doors import printable, remote_door
from engine.cli.options import json_option, workspace_option
from engine.client.documents.events import event_document
from engine.client.ids import resolve
from engine.client.workspace import Workspace

if TYPE_CHECKING:
    from engine.client.remote.workspace import RemoteWorkspace

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
    console = render.console()
    if last is None and follow:
        last = FOLLOW_LAST
    if remote := remote_door():
        return _show_remote(remote, console, id_, last, follow=follow, as_json=as_json)
    opened = Workspace(workspace)
    with opened.reading() as connection, contextlib.suppress(KeyboardInterrupt):
        batch_id, job_id = _scope(connection, id_)
        for event in _read(connection, batch_id, job_id, last, follow=follow):
            print_event(console, event_document(event), as_json=as_json)
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


def _show_remote(
    remote: "RemoteWorkspace",
    console: Console,
    id_: str | None,
    last: int | None,
    *,
    follow: bool,
    as_json: bool,
) -> int:
    """Show the events of a server, and follow its stream."""
    shown = remote.events(id_, last=last)
    for event in shown:
        print_event(console, event, as_json=as_json)
    if follow:
        sys.stdout.flush()
        after = shown[-1]["id"] if shown else 0
        with contextlib.suppress(KeyboardInterrupt):
            for event in remote.stream_events(id_, after=after):
                if "id" in event:
                    print_event(console, event, as_json=as_json)
                    sys.stdout.flush()
    return 0


def print_event(console: Console, event: Mapping[str, Any], *, as_json: bool) -> None:
    """Print an event as one line, or as JSON."""
    if as_json:
        click.echo(render.to_json(event))
        return
    event = printable(event)
    about = event["job"] or event["batch"] or "-"
    head = Text(f"{event['at'][:19].replace('T', ' ')} {about:<6} ", style="dim")
    style = _STYLES.get(event["level"], "")
    line = render.shown(f"{event['type']} {event['message']}", 400, style)
    console.print(head + line, no_wrap=True, overflow="ellipsis")
