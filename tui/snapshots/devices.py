"""Load, memory and temperature of NVIDIA devices, if NVML can be asked here.

The package `nvidia-ml-py` is optional, and imported only when devices are first shown.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from engine.text import figures
from engine.text.terminal import clean

RENEW_SECONDS = 2.0
MOST = 16


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """One device, cleaned.

    Attributes:
        id: Its name in settings, such as `cuda:0`.
        name: Its name.
        load: Share of the time in which it computed, in percent; None if unknown.
        used: Bytes of memory in use.
        total: Bytes of its memory.
        celsius: Its temperature; None if unknown.
    """

    id: str
    name: str
    load: int | None
    used: int
    total: int
    celsius: int | None

    @property
    def sentence(self) -> str:
        """Its load, memory and temperature in words."""
        load = "" if self.load is None else f"{self.load:>3} % load · "
        heat = "" if self.celsius is None else f" · {self.celsius} °C"
        return f"{load}{figures.size(self.used)} of {figures.size(self.total)}{heat}"


class DeviceReader:
    """Reader of all devices, at most every two seconds; empty where NVML is not there."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._tried = False
        self._read_at = float("-inf")
        self._lines: tuple[DeviceLine, ...] = ()

    def read(self) -> tuple[DeviceLine, ...]:
        """Return the present state of all devices."""
        if not self._tried:
            self._tried = True
            self._nvml = _load()
        if self._nvml is not None and time.monotonic() - self._read_at >= RENEW_SECONDS:
            self._read_at = time.monotonic()
            try:
                self._lines = tuple(_devices(self._nvml))
            except Exception:  # noqa: BLE001 - any error of the driver: show no devices
                self._nvml, self._lines = None, ()
        return self._lines


def _load() -> Any:
    """Return the module with NVML started; None if it is not installed or finds no driver."""
    try:
        if find_spec("pynvml") is None:
            return None
        nvml = import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # noqa: BLE001 - a broken installation: show no devices
        return None
    return nvml


def _devices(nvml: Any) -> Iterator[DeviceLine]:
    for index in range(min(MOST, nvml.nvmlDeviceGetCount())):
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        name = nvml.nvmlDeviceGetName(handle)
        yield DeviceLine(
            id=f"cuda:{index}",
            name=clean(name.decode() if isinstance(name, bytes) else str(name), 60),
            load=_known(partial(_load_of, nvml, handle)),
            used=int(memory.used),
            total=int(memory.total),
            celsius=_known(partial(_celsius_of, nvml, handle)),
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


class DevicesView:
    """View of the devices."""

    every = RENEW_SECONDS

    def __init__(self) -> None:
        self._reader = DeviceReader()

    def read(self, connection: object, version: int) -> tuple[DeviceLine, ...]:
        """Return the present state of all devices."""
        return self._reader.read()
