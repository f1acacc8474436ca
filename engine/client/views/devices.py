"""Load, memory and temperature of this machine's NVIDIA devices, if NVML can be asked here."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.models.hosts.nvml import open_nvml, read_device
from engine.text.figures import size
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
        return f"{load}{size(self.used)} of {size(self.total)}{heat}"


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
            self._nvml = open_nvml()
        if self._nvml is not None and time.monotonic() - self._read_at >= RENEW_SECONDS:
            self._read_at = time.monotonic()
            try:
                self._lines = tuple(_devices(self._nvml))
            except Exception:  # noqa: BLE001 - any error of the driver: show no devices
                self._nvml, self._lines = None, ()
        return self._lines


def _devices(nvml: Any) -> Iterator[DeviceLine]:
    for index in range(min(MOST, nvml.nvmlDeviceGetCount())):
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name = nvml.nvmlDeviceGetName(handle)
        figures = read_device(nvml, handle)
        yield DeviceLine(
            id=f"cuda:{index}",
            name=clean(name.decode() if isinstance(name, bytes) else str(name), 60),
            load=figures.load,
            used=figures.used,
            total=figures.total,
            celsius=figures.celsius,
        )
