"""The doctor's check of the devices for local models."""

from collections.abc import Iterator

from db.queries.batches import hosts
from engine.client.doctor.finding import Finding
from engine.client.workspace import Workspace
from engine.contract import Blocked


def check_devices(workspace: Workspace) -> Iterator[Finding]:
    """List the devices for local models, and the hosts that have crashed too often."""
    from engine.models.hosts.devices import find_devices, named_devices

    named = workspace.settings.hosts.devices
    try:
        devices = named_devices(named) if named else find_devices()
    except Blocked as error:
        yield Finding("devices", False, error.message, error.remedy, optional=True)
        return
    words = [f"{d.id} ({d.name})" if d.name else d.id for d in devices]
    yield Finding("devices", True, "local models run on " + ", ".join(words))
    if workspace.engine_process() is None:
        return
    with workspace.reading() as connection:
        stopped = [one for one in hosts(connection) if one.state == "stopped" and one.message]
    for host in stopped:
        remedy = "Its last output is in the engine's log. It is started again after a pause."
        yield Finding("host", False, f"the one on {host.device} {host.message}", remedy)
