"""Devices of this machine that models can run on."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config.settings import SettingsError, read_settings
from engine.contract import Blocked
from engine.models.hosts import devices
from engine.models.hosts.devices import Device, find_devices, named_devices
from engine.models.hosts.memory import in_words, main_memory


def test_devices_can_be_named() -> None:
    found = named_devices(["cuda", "cuda:1", "mps", "cpu", "cpu:1", "cuda:0"])
    assert [(d.id, d.kind, d.torch) for d in found] == [
        ("cuda:0", "cuda", "cuda:0"),
        ("cuda:1", "cuda", "cuda:1"),
        ("mps", "mps", "mps"),
        ("cpu", "cpu", "cpu"),
        ("cpu:1", "cpu", "cpu"),
    ]
    assert found[3].name and found[3].suits("cpu") and not found[3].suits("cuda")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cpu;rm", "cuda:0\n", ""])
def test_other_names_are_refused_with_the_settings(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"hosts\.devices"):
        read_settings(tmp_path, {"hosts": {"devices": [name]}})


def test_without_torch_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(Blocked, match="need torch") as caught:
        find_devices()
    assert (caught.value.reason, "[local]" in caught.value.remedy) == ("backend", True)


def test_a_machine_without_accelerators_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(devices, "_may_have_accelerators", lambda: False)
    monkeypatch.setattr(devices, "_ask_torch", lambda: pytest.fail("asked"))
    assert [device.id for device in find_devices()] == ["cpu"]


def test_torch_is_asked_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(devices, "_may_have_accelerators", lambda: True)
    found = find_devices()
    expected = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        expected = ["mps"]
    assert [device.id for device in found] == [*expected, "cpu"]


def test_a_driver_that_kills_torch_leaves_the_processor(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(devices, "_may_have_accelerators", lambda: True)
    monkeypatch.setattr(devices, "_tell_devices", sys.exit)
    assert find_devices() == [Device("cpu", named_devices(["cpu"])[0].name)]
    assert "torch finds no accelerator" in caplog.text


def test_memory_of_this_machine() -> None:
    assert main_memory() > 2**20
    assert (in_words(3 * 2**30), in_words(2**20)) == ("3.0 GiB", "1.0 MiB")


def test_the_engine_never_imports_torch() -> None:
    script = "import sys, engine.runtime.engine; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
