"""`safelight --server URL status`."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from engine.cli import render
from engine.cli.batch_table import batch_table
from engine.cli.doors import printable
from engine.client.remote.workspace import RemoteWorkspace

WATCH_SECONDS = 2.0


def show_status(
    remote: RemoteWorkspace, limit: int, *, watch: bool, archived: bool, as_json: bool
) -> int:
    """Print the state of a server's workspace, or keep it updated."""
    console, most = render.console(), None if limit < 0 else limit
    if not watch:
        state = remote.status(limit=most, archived=archived)
        if as_json:
            render.print_json(state)
        else:
            console.print(_image(remote, state, console.width))
        return 0
    with contextlib.suppress(KeyboardInterrupt):
        if as_json or not console.is_terminal:
            for state in _changes(remote, most, archived=archived):
                if as_json:
                    render.print_json(state, indent=None)
                else:
                    console.print(_image(remote, state, console.width))
            return 0
        with Live(console=console, auto_refresh=False) as live:
            for state in _changes(remote, most, archived=archived):
                live.update(_image(remote, state, console.width), refresh=True)
    return 0


def _changes(
    remote: RemoteWorkspace, limit: int | None, *, archived: bool
) -> Iterator[dict[str, Any]]:
    before: dict[str, Any] | None = None
    while True:
        state = remote.status(limit=limit, archived=archived)
        if state != before:
            before = state
            yield state
        time.sleep(WATCH_SECONDS)


def _image(remote: RemoteWorkspace, state: Mapping[str, Any], width: int) -> RenderableType:
    state = printable(state)
    parts: list[RenderableType] = [_engine_line(remote.server.url, state["engine"])]
    if state["paused"]:
        parts.append(Text("Everything is paused. To resume: resume --all", style="yellow"))
    parts += [_lane_line(lane) for lane in state["lanes"] if lane["state"] != "open"]
    if state["batches"]:
        parts += [Text(""), batch_table(state["batches"], width)]
    else:
        parts.append(Text("No batches."))
    return Group(*parts)


def _engine_line(url: str, engine: Mapping[str, Any]) -> Text:
    where = f"on {url}"
    if not engine["running"]:
        return render.shown(f"Engine: none runs {where}.", 300, "yellow")
    soon = " It stops after the running jobs." if engine["stops_after_current"] else ""
    return render.shown(f"Engine: running {where}.{soon}", 300)


def _lane_line(lane: Mapping[str, Any]) -> Text:
    why = f" ({lane['reason']})" if lane["reason"] else ""
    message = lane["message"] or "many calls failed in a row; it tries again after a pause"
    return render.shown(f"Lane {lane['name']}: {lane['state']}{why}. {message}", 400, "yellow")
