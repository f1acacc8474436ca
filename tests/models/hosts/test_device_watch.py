"""Load, memory and temperature of a device: the real binding over a library of ours."""

# ruff: noqa: N802 - names of the library

import ctypes
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from engine.models.hosts import device_watch
from engine.models.hosts.device_watch import differs, reader
from engine.models.hosts.messages import DeviceReading
from engine.models.hosts.nvml import open_nvml, read_device
from tests.models.hosts.conftest import MakeTrial
from tests.support.toy_models import task

UUID = "8f0c6a52-0000-4000-8000-00000000002a"


class Library:
    """A libnvidia-ml at its C interface: figures go to where pointers say."""

    def __init__(self, *, celsius: int = 64, has_driver: bool = True) -> None:
        self.celsius = celsius
        self.has_driver = has_driver

    def nvmlInitWithFlags(self, _flags: Any) -> int:
        return 0 if self.has_driver else pynvml.NVML_ERROR_DRIVER_NOT_LOADED

    def nvmlInit_v2(self) -> int:
        return self.nvmlInitWithFlags(0)

    def nvmlErrorString(self, _code: Any) -> bytes:
        return b"an error"

    def nvmlDeviceGetHandleByUUID(self, uuid: Any, handle: Any) -> int:
        text = getattr(uuid, "value", uuid)
        if text != f"GPU-{UUID}".encode():
            return int(pynvml.NVML_ERROR_NOT_FOUND)
        return self._put(handle, ctypes.c_void_p, 42)

    def nvmlDeviceGetMemoryInfo(self, _handle: Any, info: Any) -> int:
        info._obj.total, info._obj.used = 141 * 10**9, 61 * 10**9
        return 0

    def nvmlDeviceGetUtilizationRates(self, _handle: Any, info: Any) -> int:
        info._obj.gpu, info._obj.memory = 87, 12
        return 0

    def nvmlDeviceGetTemperature(self, _handle: Any, _sensor: Any, value: Any) -> int:
        if self.celsius < 0:
            return int(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return self._put(value, ctypes.c_uint, self.celsius)

    @staticmethod
    def _put(pointer: Any, kind: Any, value: int) -> int:
        ctypes.cast(pointer, ctypes.POINTER(kind))[0] = kind(value)
        return 0

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)  # as ctypes does for a function that a library lacks


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """The binding with a driver of ours, and torch's name of a device."""
    made = Library()
    monkeypatch.setattr(pynvml, "nvmlLib", made)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    monkeypatch.setattr(device_watch, "_uuid", lambda _device: f"GPU-{UUID}")
    return made


def test_a_device_is_read_by_its_uuid(library: Library) -> None:
    read = reader("cuda:1")
    assert read is not None
    assert read() == DeviceReading(87, 64, 61 * 10**9)
    library.celsius = -1
    assert read() == DeviceReading(87, None, 61 * 10**9)


def test_all_figures_of_a_device(library: Library) -> None:
    nvml = open_nvml()
    handle = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{UUID}")
    assert read_device(nvml, handle).total == 141 * 10**9


def test_what_nvml_does_not_know_is_not_read(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_watch, "_uuid", lambda _device: "GPU-another")
    assert reader("cuda:0") is None
    library.has_driver = False
    assert reader("cuda:0") is None
    assert reader("mps") is None


def test_nothing_breaks_without_a_driver_or_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.hosts.nvml.find_spec", lambda _name: None)
    assert open_nvml() is None
    assert reader("cuda:0") is None


def test_torchs_own_name_of_a_device_is_nvmls(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    known = SimpleNamespace(uuid=UUID)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _device: known)
    assert device_watch._uuid("cuda:0") == f"GPU-{UUID}"


def test_small_changes_are_not_reported() -> None:
    before = DeviceReading(50, 60, 10 * 2**30)
    assert not differs(before, DeviceReading(53, 60, 10 * 2**30 + 1))
    assert differs(before, DeviceReading(55, 60, 10 * 2**30))
    assert differs(before, DeviceReading(50, 61, 10 * 2**30))
    assert differs(before, DeviceReading(None, 60, 10 * 2**30))
    assert differs(before, DeviceReading(50, 60, 11 * 2**30))


async def test_a_host_reports_the_load_of_its_device(trial: MakeTrial) -> None:
    hosts = trial()
    await hosts.answer(task("a"))
    await hosts.until(lambda: hosts.state().load is not None)
    assert 0 <= hosts.state().load <= 100
    assert hosts.state().celsius is None
    hosts.hosts._hosts[0]._hear(DeviceReading(10**9, -5, 2**60))
    assert (hosts.state().load, hosts.state().celsius, hosts.state().device_used) == (None,) * 3
