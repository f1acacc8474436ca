"""Load, memory and temperature of NVIDIA devices, if NVML can be asked here.

The package `nvidia-ml-py` is optional, and imported only when devices are first asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """Figures that a device measures.

    Attributes:
        load: Share of the last second in which it computed, in percent; None if unknown.
        celsius: Its temperature; None if unknown.
        used: Bytes of its memory that all programs use.
        total: Bytes of its memory.
    """

    load: int | None
    celsius: int | None
    used: int
    total: int


def open_nvml() -> Any:
    """Return the module with NVML started; None if it is not installed or finds no driver."""
    try:
        if find_spec("pynvml") is None:
            return None
        nvml = import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # noqa: BLE001 - a broken installation: no device is known
        return None
    return nvml


def read_device(nvml: Any, handle: Any) -> DeviceFigures:
    """Return the figures of a device.

    Args:
        nvml: The module, from `open_nvml`.
        handle: Its handle of the device.

    Raises:
        Exception: Any error of the driver, except for a figure that the device does not have.
    """
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return DeviceFigures(
        load=_known(partial(_load_of, nvml, handle)),
        celsius=_known(partial(_celsius_of, nvml, handle)),
        used=int(memory.used),
        total=int(memory.total),
    )


def _load_of(nvml: Any, handle: Any) -> int:
    return int(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)


def _celsius_of(nvml: Any, handle: Any) -> int:
    return int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))


def _known(read: Callable[[], int]) -> int | None:
    """Return a figure; None if a device does not have it, as some do not in a virtual machine."""
    try:
        return read()
    except Exception:  # noqa: BLE001 - NVML's own errors, not importable here
        return None
