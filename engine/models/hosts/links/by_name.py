"""Machines by their names in the settings."""

from collections.abc import Collection, Iterable

from engine.contract.host_settings import HostSettings
from engine.models.hosts.devices import CPU
from engine.models.hosts.links.link import Machine
from engine.models.hosts.links.ray_address import is_ray
from engine.models.hosts.links.ray_machine import RayMachine
from engine.models.hosts.links.ssh import SshMachine


def machine_named(name: str, settings: HostSettings) -> Machine:
    """Return a machine that the settings name; nothing is started yet.

    Raises:
        ValueError: It is a Ray cluster with an address that is not one; the end of a sentence.
    """
    if not is_ray(name):
        return SshMachine(name, settings)
    options = settings.machine.get(name)
    return RayMachine(name, options.devices if options else ())


def changed_machines(
    known: Iterable[str], names: Collection[str], before: HostSettings, after: HostSettings
) -> list[str]:
    """Return the known machines that are not named any more, or are started in another way."""
    return [
        name
        for name in known
        if name not in names or before.machine.get(name) != after.machine.get(name)
    ]


def compute_machines(names: Iterable[str], settings: HostSettings) -> dict[Machine, int]:
    """Return the machines that do steps on the processor, with the processes on each processor."""
    return {
        RayMachine(name, [CPU]) if is_ray(name) else SshMachine(name, settings): options.compute
        for name in names
        if (options := settings.machine.get(name)) and options.compute
    }


async def processors_of(machine: Machine) -> list[str]:
    """Return the processors of a machine by their names as devices: one, or each node's.

    Raises:
        Blocked: It is a Ray cluster that cannot be used until somebody does something about it.
        Retryable: It is a Ray cluster that cannot be reached now.
    """
    if isinstance(machine, RayMachine):
        return [device.id for device in await machine.devices()]
    return [f"{machine.name}/{CPU}"]
