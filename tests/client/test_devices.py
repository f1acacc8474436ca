"""Devices of this machine, read through NVML."""

import sys

import pytest

from engine.client.views.devices import DeviceReader
from tests.support.nvml import nvml


def test_devices_have_load_memory_and_temperature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml())
    (line,) = DeviceReader().read()
    assert "\x1b" not in line.name
    assert (line.id, line.load, line.celsius) == ("cuda:0", 87, 64)
    assert "87 % load" in line.sentence
    assert "64 °C" in line.sentence
    monkeypatch.setitem(sys.modules, "pynvml", nvml(cold=True))
    assert "°C" not in DeviceReader().read()[0].sentence


def test_without_nvml_or_its_driver_there_are_no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml(broken=True))
    assert DeviceReader().read() == ()
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert DeviceReader().read() == ()
