"""Checks of other machines for local models: each is asked for its devices."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.client.doctor.finding import Finding
from engine.client.workspace import Workspace
from engine.config.settings import load_environment
from engine.config.trust.machines import trusted_machines
from engine.contract import StepError

if TYPE_CHECKING:
    from engine.models.hosts.devices import Device
    from engine.models.hosts.links.link import Machine


def check_machines(workspace: Workspace) -> Iterator[Finding]:
    """Reach each machine that the settings name, all at once, and say what it has."""
    root, settings = workspace.paths.root, workspace.settings
    if not settings.hosts.machines:
        return
    from engine.models.hosts.links.by_name import machine_named

    environment = load_environment(root, settings.given)
    names, refused = trusted_machines(root, settings.hosts, environment)
    for name, reason in refused.items():
        yield Finding("machine", False, f"{name} is not used", reason)
    yield from asyncio.run(_ask([machine_named(name, settings.hosts) for name in names]))


async def _ask(machines: "list[Machine]") -> list[Finding]:
    return list(await asyncio.gather(*(_finding(machine) for machine in machines)))


async def _finding(machine: "Machine") -> Finding:
    try:
        devices = await machine.devices()
    except StepError as error:
        remedy = error.remedy or "It is tried again while an engine runs."
        return Finding("machine", False, error.message, remedy)
    finally:
        machine.close()
    return Finding("machine", True, f"{machine.name} has {_in_words(machine, devices)}")


def _in_words(machine: "Machine", devices: "list[Device]") -> str:
    names = [f"{one.id} ({one.name})" if one.name else one.id for one in devices]
    versions: str = getattr(machine, "versions", "")
    return "; ".join(part for part in (", ".join(names) or "no device", versions) if part)
