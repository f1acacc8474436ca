"""Instructions to the process of a host: its share of memory and of the processor."""

import logging
import os
from collections.abc import Sequence

from engine.contract.host_settings import HostSettings
from engine.models.hosts.devices import CPU, Device
from engine.models.hosts.messages import WorkerOptions


def options_for(device: Device, devices: Sequence[Device], settings: HostSettings) -> WorkerOptions:
    """Return the instructions to the host of a device.

    Args:
        device: The device.
        devices: All devices of its machine.
        settings: Settings of hosts.
    """
    cores = os.cpu_count() or 1
    if device.kind == CPU:
        beside = sum(one.kind == CPU and one.machine == device.machine for one in devices)
        share = settings.cpu_memory_share / beside
        threads = settings.cpu_threads or (0 if device.machine else max(1, cores // beside))
    else:
        share, threads = settings.memory_share, min(4, cores)
    budget = int(settings.memory_gib.get(device.id, 0) * 2**30)
    level = logging.getLogger().getEffectiveLevel()
    return WorkerOptions(device.id, device.torch, budget, share, threads, level)
