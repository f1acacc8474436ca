"""Load, memory and temperature of a host's device, reported while they change."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from engine.models.hosts.messages import DeviceReading
from engine.models.hosts.nvml import open_nvml, read_device

SECONDS = 2.0
"""Pause between two readings."""
STEP = 256 * 2**20
"""Bytes of memory by which a reading has to differ, so that an idle device reports nothing."""
COARSE = 5
"""Percent of load, likewise."""


def watch(torch_device: str, tell: Callable[[DeviceReading], None]) -> None:
    """Report a device's readings from a thread, as long as the process runs.

    Args:
        torch_device: The device's name in torch.
        tell: Sends a reading to the engine.
    """
    read = reader(torch_device)
    if read is not None:
        threading.Thread(target=_report, args=(read, tell), daemon=True).start()


def reader(torch_device: str) -> Callable[[], DeviceReading] | None:
    """Return a function that reads a device now; None if nothing can be read of it."""
    if torch_device.startswith("cpu"):
        return _read_processor
    if not torch_device.startswith("cuda"):
        return None
    nvml = open_nvml()
    if nvml is None:
        return None
    try:
        handle = nvml.nvmlDeviceGetHandleByUUID(_uuid(torch_device))
    except Exception:  # noqa: BLE001 - NVML does not know it: a part of a device, or no NVIDIA
        return None
    return lambda: _read_nvidia(nvml, handle)


def _uuid(torch_device: str) -> str:
    """Return NVML's name of a device: torch's numbers depend on CUDA_VISIBLE_DEVICES."""
    import torch

    return f"GPU-{torch.cuda.get_device_properties(torch_device).uuid}"


def _read_nvidia(nvml: Any, handle: Any) -> DeviceReading:
    figures = read_device(nvml, handle)
    return DeviceReading(figures.load, figures.celsius, figures.used)


def _read_processor() -> DeviceReading:
    """Return the processor's load: the programs that want it, per core, of the last minute."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return DeviceReading(min(100, round(load * 100)), None, None)


def _report(read: Callable[[], DeviceReading], tell: Callable[[DeviceReading], None]) -> None:
    last: DeviceReading | None = None
    while True:
        try:
            reading = read()
        except Exception:  # noqa: BLE001 - the driver is gone: nothing is known any more
            tell(DeviceReading(None, None, None))
            return
        if last is None or differs(last, reading):
            last = reading
            tell(reading)
        time.sleep(SECONDS)


def differs(before: DeviceReading, now: DeviceReading) -> bool:
    """Return whether a reading differs enough from the one before to be worth a row."""
    if (before.load is None) != (now.load is None) or before.celsius != now.celsius:
        return True
    loads = abs((before.load or 0) - (now.load or 0))
    return loads >= COARSE or abs((before.used or 0) - (now.used or 0)) >= STEP
