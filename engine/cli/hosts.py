"""Model hosts on the command line: one line per host, JSON, and the doctor's checks."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.text import Text

from db.queries.batches import hosts as query_hosts
from db.rows import HostRow
from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.client.documents.status import host_document
from engine.client.views.machines import link_words, shown_machines
from engine.client.workspace import Workspace
from engine.text import units
from engine.text.plural import pluralize


@click.command()
@json_option
@workspace_option
def hosts(workspace: Path, *, as_json: bool) -> int:
    """Show the machines and their devices: links, load, loaded models and speed."""
    opened = Workspace(workspace)
    with opened.reading() as connection:
        rows = query_hosts(connection) if opened.engine_process() else []
    if as_json:
        render.print_json({"hosts": [host_document(row) for row in rows]})
        return 0
    console = render.console()
    for line in _lines(rows, runs=opened.engine_process() is not None):
        console.print(line)
    return 0


def _lines(rows: Sequence[HostRow], *, runs: bool) -> Iterator[Text]:
    if not rows:
        why = "No local model was needed yet." if runs else "No engine runs."
        yield Text(f"{why} Devices: safelight doctor")
    for machine in shown_machines(rows):
        name = machine.name or "this machine"
        style = "" if machine.is_well else "yellow"
        yield Text(name, style="bold") + Text(f"  {machine.link}" if machine.link else "", style)
        for host in machine.hosts:
            yield Text(f"  {host.device}: ", style="bold") + Text(host.sentence)
            yield from (Text(f"    {model}") for model in host.models)


def host_line(host: HostRow) -> Text:
    """Return one line about a host: its task, loaded models, memory and queue."""
    parts = [host.state + (f" ({host.message})" if host.message else "")]
    link = link_words(host)
    parts = [link] if host.link in {"lost", "refused"} else [*parts, link] if link else parts
    names = [model["name"] for model in json.loads(host.models)]
    if names:
        parts.append("holds " + ", ".join(names))
    if host.memory_used is not None and host.memory_budget:
        used, budget = units.size(host.memory_used), units.size(host.memory_budget)
        parts.append(f"{used} of {budget}")
    if host.running or host.waiting:
        parts.append(f"{host.running} running, {host.waiting} waiting")
    if host.restarts:
        parts.append(f"started again {pluralize(host.restarts, 'time')}")
    head = Text(f"Host {render.shown(host.device, 40)}: ", style="bold")
    return head + render.shown("; ".join(parts) + ".", 400)
