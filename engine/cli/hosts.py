"""Model hosts on the command line: one line per host, JSON, and the doctor's checks."""

import json
from collections.abc import Iterator

from rich.text import Text

from db.queries.batches import hosts
from db.rows import HostRow
from engine.cli import render
from engine.cli.checks import Finding
from engine.client.workspace import Workspace
from engine.contract import Blocked
from engine.text.plural import pluralize


def host_line(host: HostRow) -> Text:
    """Return one line about a host: its task, loaded models, memory and queue."""
    parts = [host.state + (f" ({host.message})" if host.message else "")]
    names = [model["name"] for model in json.loads(host.models)]
    if names:
        parts.append("holds " + ", ".join(names))
    if host.memory_used is not None and host.memory_budget:
        used, budget = render.size(host.memory_used), render.size(host.memory_budget)
        parts.append(f"{used} of {budget}")
    if host.running or host.waiting:
        parts.append(f"{host.running} running, {host.waiting} waiting")
    if host.restarts:
        parts.append(f"started again {pluralize(host.restarts, 'time')}")
    head = Text(f"Host {render.shown(host.device, 20)}: ", style="bold")
    return head + render.shown("; ".join(parts) + ".", 400)


def check_devices(workspace: Workspace) -> Iterator[Finding]:
    """List the devices for local models, and the hosts that have crashed too often."""
    from engine.models.hosts.devices import find_devices, named_devices  # no business of `status`

    named = workspace.settings.hosts.devices
    try:
        devices = named_devices(named) if named else find_devices()
    except Blocked as error:
        yield Finding("devices", True, f"{error.message} {error.remedy}")
        return
    words = [f"{d.id} ({d.name})" if d.name else d.id for d in devices]
    yield Finding("devices", True, "local models run on " + ", ".join(words))
    if workspace.engine_process() is None:
        return
    with workspace.reading() as connection:
        stopped = [host for host in hosts(connection) if host.state == "stopped" and host.message]
    for host in stopped:
        remedy = "Its last output is in the engine's log. It is started again after a pause."
        yield Finding("host", False, f"the one on {host.device} {host.message}", remedy)
