"""Other machines by their names in the settings."""

from engine.contract.host_settings import HostSettings, MachineSettings
from engine.models.hosts.links.link import Machine
from engine.models.hosts.links.ray_address import is_ray
from engine.models.hosts.links.ray_machine import RayMachine
from engine.models.hosts.links.ssh import SshMachine


def far_machine(name: str, settings: HostSettings) -> Machine:
    """Return a machine: a Ray cluster by `ray://`, else one that `ssh` reaches.

    Args:
        name: Its name, which the settings have checked.
        settings: Settings of hosts.
    """
    if is_ray(name):
        own_settings = settings.machine.get(name, MachineSettings())
        return RayMachine(name, own_settings.devices)
    return SshMachine(name, settings)
