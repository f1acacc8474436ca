"""The memory of accelerators, by what torch says of it."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from engine.models.hosts.memory import memory_of


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A torch with accelerators; what it was asked to do."""
    done: list[Any] = []
    made: Any = ModuleType("torch")
    made.device = lambda name: SimpleNamespace(type=name.partition(":")[0], name=name)
    made.cuda = SimpleNamespace(
        set_device=lambda device: done.append(("set", device.name)),
        get_device_properties=lambda _device: SimpleNamespace(total_memory=1000),
        memory_allocated=lambda _device: 300,
        memory_reserved=lambda _device: 400,
        mem_get_info=lambda _device: (350, 1000),
        empty_cache=lambda: done.append("emptied"),
    )
    made.mps = SimpleNamespace(
        recommended_max_memory=lambda: 500,
        current_allocated_memory=lambda: 50,
        empty_cache=lambda: done.append("emptied"),
    )
    monkeypatch.setitem(sys.modules, "torch", made)
    return done


def test_cuda(torch: list[Any]) -> None:
    memory = memory_of("cuda:1")
    assert (memory.total(), memory.used(), memory.others()) == (1000, 300, 250)
    memory.release()
    assert torch == [("set", "cuda:1"), "emptied"]


def test_mps(torch: list[Any]) -> None:
    memory = memory_of("mps")
    assert (memory.total(), memory.used(), memory.others()) == (500, 50, 0)
    memory.release()
    assert torch == ["emptied"]


def test_the_processor_is_not_measured_and_needs_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    memory = memory_of("cpu")
    assert (memory.used(), memory.others()) == (None, 0)
    assert memory.total() > 2**20
    memory.release()
