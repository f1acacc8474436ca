"""This machine: its devices, and hosts as its child processes."""

import asyncio
from collections.abc import Sequence

from engine.models.hosts.devices import Device, find_devices, named_devices
from engine.models.hosts.links.link import HostLink, OnEnd, OnReport
from engine.models.hosts.links.pipe import PipeLink
from engine.models.hosts.messages import WorkerOptions


class LocalMachine:
    """This machine.

    Args:
        names: Devices to use; empty for all that are found.
    """

    name = ""
    holdings = None

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._names = tuple(names)

    async def devices(self) -> list[Device]:
        """Return its devices.

        Raises:
            Blocked: None are named, and torch is not installed.
        """
        if self._names:
            return named_devices(self._names)
        return await asyncio.to_thread(find_devices)

    def link(self, options: WorkerOptions, on_report: OnReport, on_end: OnEnd) -> HostLink:
        """Start a host as a child process."""
        return PipeLink(options, on_report, on_end)

    def close(self) -> None:
        """Do nothing: it keeps nothing."""
