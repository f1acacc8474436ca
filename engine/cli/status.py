"""`safelight status`: the engine, the lanes that delay calls, and the batches."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from db.queries.history import data_version
from db.rows import LaneRow
from engine.cli import render
from engine.cli.batch_table import batch_table
from engine.cli.doors import remote_door
from engine.cli.hosts import host_line
from engine.cli.options import json_option, workspace_option
from engine.client.documents.status import (
    WorkspaceStatus,
    batch_documents,
    read_status,
    status_document,
)
from engine.client.ids import batch_name
from engine.client.suspended import is_suspended, remedy
from engine.client.workspace import Workspace
from engine.text.plural import pluralize

WATCH_SECONDS = 0.5
ALL = -1


@click.command()
@click.option("--watch", is_flag=True, help="Keep it updated until Ctrl-C.")
@click.option("--limit", default=30, show_default=True, help="Maximum batches; JSON has all.")
@click.option("--archived", is_flag=True, help="List archived batches too.")
@json_option
@workspace_option
def status(workspace: Path, *, watch: bool, limit: int, archived: bool, as_json: bool) -> int:
    """Show the engine, the lanes and the batches."""
    console, limit = render.console(), ALL if as_json else max(1, limit)
    if remote := remote_door():
        from engine.cli.remote.status import show_status

        return show_status(remote, limit, watch=watch, archived=archived, as_json=as_json)
    opened = Workspace(workspace)
    if not watch:
        with opened.reading() as connection:
            state = read_status(opened, connection, limit, archived=archived)
        _print(console, state, as_json=as_json, indent=2)
        return 0
    with contextlib.suppress(KeyboardInterrupt):
        _watch(opened, console, limit, archived=archived, as_json=as_json)
    return 0


def _print(
    console: Console, state: WorkspaceStatus, *, as_json: bool, indent: int | None = None
) -> None:
    if as_json:
        render.print_json(status_document(state), indent=indent)
    else:
        console.print(image_of(state, console.width))


def _watch(
    workspace: Workspace, console: Console, limit: int, *, as_json: bool, archived: bool = False
) -> None:
    changes = _changes(workspace, limit, archived=archived)
    if as_json or not console.is_terminal:
        for state in changes:
            _print(console, state, as_json=as_json)
        return
    with Live(console=console, auto_refresh=False, screen=False) as live:
        for state in changes:
            live.update(image_of(state, console.width), refresh=True)


def _changes(workspace: Workspace, limit: int, *, archived: bool) -> Iterator[WorkspaceStatus]:
    """Yield the status now and whenever the store or the engine's process has changed."""
    with workspace.reading() as connection:
        seen: tuple[object, ...] | None = None
        while True:
            holder = workspace.engine_process()
            current = (data_version(connection), holder, is_suspended(holder))
            if current != seen:
                seen = current
                yield read_status(workspace, connection, limit, archived=archived)
            time.sleep(WATCH_SECONDS)


# -- as text ------------------------------------------------------------------------------------


def image_of(state: WorkspaceStatus, width: int) -> RenderableType:
    """Return the status as text that fits a width in columns."""
    parts: list[RenderableType] = [_engine_line(state), *_pause_line(state), *_lane_lines(state)]
    parts += [*map(host_line, state.hosts), *_parked_lines(state)]
    if state.batches:
        parts += [Text(""), batch_table(batch_documents(state), width)]
        parts += [_archived_line(state)] if state.archived else []
    elif state.archived:
        parts.append(_archived_line(state))
    else:
        parts.append(Text("No batches. Queue some: safelight queue refine prompts.json"))
    return Group(*parts)


def _archived_line(state: WorkspaceStatus) -> Text:
    more = pluralize(state.archived, "batch is", "batches are")
    return Text(f"{more} archived: safelight status --archived", style="dim")


def _engine_line(state: WorkspaceStatus) -> Text:
    if state.engine is None:
        return Text("Engine: none runs. Start one with: safelight engine", style="yellow")
    pid, host = state.engine
    if state.suspended:
        sentence = f"Engine: pid {pid} is suspended and does nothing. {remedy(state.engine)}"
        return Text(sentence, style="yellow")
    line = Text(f"Engine: running, pid {pid} on ") + render.shown(host)
    return (
        line + Text(". It stops after the running jobs.", style="yellow")
        if state.draining
        else line
    )


def _pause_line(state: WorkspaceStatus) -> Iterator[Text]:
    if state.paused:
        yield Text("Everything is paused. To resume: safelight resume --all", style="yellow")


def _lane_lines(state: WorkspaceStatus) -> Iterator[Text]:
    if state.held:
        waits = pluralize(state.held, "result waits", "results wait")
        yield Text(f"{waits} until their files are in the object store.")
    for lane in state.lanes:
        if lane.state == "open":
            if state.engine is not None and (lane.waiting or lane.width < lane.concurrency):
                yield _busy_line(lane)
            continue
        head = Text(f"Lane {render.shown(lane.name, 40)}: ", style="bold")
        why = f" ({lane.reason})" if lane.reason else ""
        reason = lane.message or "many calls failed in a row; it tries again after a pause"
        yield head + Text(f"{lane.state}{why}. ", style="yellow") + render.shown(reason, 400)


def _busy_line(lane: LaneRow) -> Text:
    """Return one line about a lane that delays calls: its limit, calls in flight and queue."""
    least = f"{lane.width} of {lane.concurrency}" if lane.width < lane.concurrency else lane.width
    rate = f", {lane.requests_per_minute:g} per minute at most" if lane.requests_per_minute else ""
    text = f"{lane.in_flight} in flight ({least} allowed now{rate}), {lane.waiting} waiting."
    return Text(f"Lane {render.shown(lane.name, 40)}: ", style="bold") + Text(text)


def _parked_lines(state: WorkspaceStatus) -> Iterator[Text]:
    for batch in state.batches:
        if batch.finish == "parked":
            name = batch_name(batch.id)
            head = Text(f"{name}: its last steps wait. ", style="magenta")
            verb = "approve" if batch.id in state.at_gates else "resume"
            then = Text(f" Then: safelight {verb} {name}", style="bold")
            yield head + render.shown(batch.finish_error, 400) + then
    counts = {batch.id: batch.parked for batch in state.batches}
    for job in state.waiting:
        name = batch_name(job.batch_id)
        head = Text(f"{name}: {counts[job.batch_id]} parked ({job.reason}). ", style="magenta")
        verb = "approve" if job.reason == "approval" else "resume"
        then = Text(f" Then: safelight {verb} {name}", style="bold")
        yield head + render.shown(job.message, 400) + then
