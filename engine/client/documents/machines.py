"""Other machines, asked once what they have, for processes without an engine."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.environment import Environment
from engine.config.trust.machines import trusted_machines
from engine.contract import Backend, MissingRequirement
from engine.contract.host_settings import HostSettings
from engine.contract.model_host import HostedBackend

if TYPE_CHECKING:
    from engine.models.hosts.links.machines import Machines

PATIENCE_SECONDS = 20.0
"""Maximum time to wait for the answers of machines."""


class AskedMachines:
    """The other machines of a workspace; they are asked when a backend lacks something here.

    Args:
        root: The workspace.
        settings: Its settings of hosts.
        environment: Its environment.
    """

    def __init__(self, root: Path, settings: HostSettings, environment: Environment) -> None:
        self._root = root
        self._settings = settings
        self._environment = environment
        self._machines: Machines | None = None

    def lacking(self, backend: Backend) -> list[MissingRequirement]:
        """Return what a backend lacks, unless another machine may run its models."""
        missing = backend.missing()
        if not (self._settings.machines and any(one.elsewhere for one in missing)):
            return missing
        from engine.models.hosts.readiness import still_lacking

        return still_lacking(backend, missing, self._answered())

    def provider(self, backend: Backend) -> str:
        """Return the machine that runs the models of a backend; empty if this one does."""
        if self._machines is None or not isinstance(backend, HostedBackend):
            return ""
        from engine.models.hosts.readiness import provider

        is_needed = any(one.elsewhere for one in backend.missing())
        return (is_needed and provider(self._machines, backend.needs())) or ""

    def _answered(self) -> "Machines":
        """Return the machines after each was tried once."""
        if self._machines is None:
            from engine.models.hosts.links.by_name import machine_named
            from engine.models.hosts.links.machines import Machines

            names, refused = trusted_machines(self._root, self._settings, self._environment)
            far = [machine_named(name, self._settings) for name in names]
            machines = Machines(far, lambda *_: None, lambda _: None, refused)
            with ThreadPoolExecutor(1) as thread:  # there may be a loop in this one
                thread.submit(asyncio.run, _ask(machines)).result()
            self._machines = machines
        return self._machines


async def _ask(machines: "Machines") -> None:
    machines.start()
    try:
        await machines.first_attempts(PATIENCE_SECONDS)
    finally:
        machines.close()
