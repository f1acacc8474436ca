"""A stand-in for NVML."""

from types import ModuleType, SimpleNamespace
from typing import Any


def nvml(*, broken: bool = False, cold: bool = False) -> ModuleType:
    """NVML with one device."""
    module: Any = ModuleType("pynvml")

    def temperature(*_: object) -> int:
        if cold:
            raise RuntimeError("not supported")
        return 64

    def count() -> int:
        if broken:
            raise RuntimeError("driver gone")
        return 1

    module.NVML_TEMPERATURE_GPU = 0
    module.nvmlInit = lambda: None
    module.nvmlDeviceGetCount = count
    module.nvmlDeviceGetHandleByIndex = lambda index: index
    module.nvmlDeviceGetName = lambda _: b"NVIDIA H200\x1b[2J"
    module.nvmlDeviceGetMemoryInfo = lambda _: SimpleNamespace(used=61 * 10**9, total=141 * 10**9)
    module.nvmlDeviceGetUtilizationRates = lambda _: SimpleNamespace(gpu=87)
    module.nvmlDeviceGetTemperature = temperature
    module.__spec__ = SimpleNamespace(name="pynvml")
    return module
