"""Choice of the next task of a host: by age, without loading models to and fro."""

import asyncio
import time
from typing import Any

import pytest

from engine.contract import ModelKey
from engine.contract.host_settings import HostSettings
from engine.models.hosts.batch_size import BatchLimits
from engine.models.hosts.choice import Chooser, on_devices
from engine.models.hosts.current_task import CurrentBatch, CurrentLoad
from engine.models.hosts.devices import Device, named_devices
from engine.models.hosts.host import ModelHost
from engine.models.hosts.links.pipe import PipeLink
from engine.models.hosts.messages import ModelUsage, WorkerOptions
from engine.models.hosts.status import KnownModels
from engine.models.hosts.tasks import Backlog, PendingTask
from tests.models.hosts.conftest import Ear
from tests.support.toy_models import key, task

A, B = key("a"), key("b")
LONG_AGO = 1000.0


class Scene:
    """Hosts that were never started, and what waits for them."""

    def __init__(self, *devices: str, **settings: Any) -> None:
        self.settings = HostSettings(**{"batch_wait_seconds": 0, **settings})
        self.known, self.backlog = KnownModels.nothing(), Backlog()
        self.hosts = [self.host(device) for device in named_devices(devices or ("cuda:0",))]
        self.chooser = Chooser(self.hosts, self.backlog, self.known, BatchLimits(), self.settings)

    def host(self, device: Device) -> ModelHost:
        orders = WorkerOptions(device.id, device.torch, 1000, 1.0, 1, 20)
        return ModelHost(device, orders, self.settings, self.known, None, PipeLink)

    def wait(self, model: ModelKey, ago: float = 0.0, count: int = 1) -> None:
        """Adds tasks that came some seconds ago."""
        for _ in range(count):
            self.backlog.add(self.waiting(model, ago))

    def waiting(self, model: ModelKey, ago: float = 0.0, *, alone: bool = False) -> PendingTask:
        """A task that came some seconds ago."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        since = time.monotonic() - ago
        return PendingTask(task("x", model=model), b"", answer, Ear(), since, alone)

    def holds(self, model: ModelKey, host: int = 0, size: int = 600) -> None:
        """A host holds a model, loaded long ago."""
        self.hosts[host].models[model] = ModelUsage(model, size, offloaded=False)
        self.hosts[host].loaded_at = time.monotonic() - LONG_AGO
        self.known.sizes[model] = size

    def works(self, model: ModelKey, host: int = 0, ago: float = 0.0) -> None:
        """A host works at a batch that it began some seconds ago."""
        at_work = [self.waiting(model)]
        since = time.monotonic() - ago
        self.hosts[host].work = CurrentBatch(1, (model, "say", ""), at_work, since)

    def next(self) -> tuple[str, str] | None:
        """The device and the model that start now."""
        choice = self.chooser.next()
        return (choice.host.device.id, choice.key[0].name) if choice else None


async def test_the_longest_waiting_is_first() -> None:
    scene = Scene()
    scene.holds(A, size=100)
    scene.holds(B, size=100)
    scene.wait(A, ago=1)
    scene.wait(B, ago=2)
    assert scene.next() == ("cuda:0", "b")


async def test_a_host_that_holds_the_model_is_preferred() -> None:
    scene = Scene("cuda:0", "cuda:1")
    scene.holds(A, host=1)
    scene.wait(A)
    assert scene.next() == ("cuda:1", "a")


async def test_else_the_one_with_most_room() -> None:
    scene = Scene("cuda:0", "cuda:1", "cuda:2")
    scene.holds(B, host=0)
    scene.holds(B, host=2, size=100)
    scene.wait(A)
    assert scene.next() == ("cuda:1", "a")


async def test_a_host_that_was_never_started_is_empty() -> None:
    scene = Scene("cuda:0", "cuda:1")
    scene.holds(B, size=10)
    scene.hosts[1].budget = 0  # not known
    scene.wait(A)
    assert scene.next() == ("cuda:1", "a")


async def test_the_processor_is_for_what_asks_for_it_where_there_is_an_accelerator() -> None:
    scene = Scene("cuda:0", "cpu")
    found = {
        wanted: [host.device.id for host in on_devices(scene.hosts, key(device=wanted))]
        for wanted in ("", "cpu", "cuda", "cuda:0", "mps")
    }
    assert found == {
        "": ["cuda:0"],
        "cpu": ["cpu"],
        "cuda": ["cuda:0"],
        "cuda:0": ["cuda:0"],
        "mps": [],
    }
    assert [h.device.id for h in on_devices(Scene("cpu", "cpu:1").hosts, A)] == ["cpu", "cpu:1"]


@pytest.mark.parametrize(
    ("waited", "loaded", "switches"), [(1, LONG_AGO, False), (60, 1, False), (60, LONG_AGO, True)]
)
async def test_a_model_that_others_want_goes_only_after_patience(
    waited: float, loaded: float, switches: bool
) -> None:
    scene = Scene(patience_seconds=30)
    scene.holds(A)
    scene.hosts[0].loaded_at = time.monotonic() - loaded
    scene.known.sizes[B] = 600
    scene.wait(B, ago=waited)
    scene.wait(A)
    assert scene.next() == ("cuda:0", "b" if switches else "a")


async def test_a_model_that_nobody_wants_goes_at_once() -> None:
    scene = Scene(patience_seconds=3600)
    scene.holds(A)
    scene.known.sizes[B] = 600
    scene.wait(B)
    assert scene.next() == ("cuda:0", "b")


async def test_what_fits_beside_is_loaded_by_age() -> None:
    scene = Scene(patience_seconds=3600)
    scene.holds(A)
    scene.known.sizes[B] = 300
    scene.wait(B, ago=1)
    scene.wait(A)
    assert scene.next() == ("cuda:0", "b")


async def test_a_model_that_takes_long_to_load_is_changed_less_often() -> None:
    scene = Scene(patience_seconds=1)
    scene.holds(A)
    scene.known.sizes[B], scene.known.load_seconds[B] = 600, 100.0
    scene.wait(B, ago=199)
    scene.wait(A)
    assert scene.next() == ("cuda:0", "a")
    scene.known.load_seconds[B] = 99.0
    assert scene.next() == ("cuda:0", "b")


@pytest.mark.parametrize(
    ("waiting", "spreads"), [(8, False), (16, False), (40, True)], ids=["one", "two", "five"]
)
async def test_a_second_host_loads_a_model_where_that_is_worth_it(
    waiting: int, spreads: bool
) -> None:
    scene = Scene("cuda:0", "cuda:1")
    scene.holds(A)
    scene.works(A)
    scene.known.most[A], scene.known.load_seconds[A] = 8, 20.0
    scene.known.speeds.learn("cuda:0", (A, "say", ""), 8, 5.0)
    scene.wait(A, count=waiting)
    assert scene.next() == (("cuda:1", "a") if spreads else None)


async def test_the_next_batch_is_sent_ahead_where_it_is_full() -> None:
    scene = Scene()
    scene.holds(A)
    scene.works(A)
    scene.known.most[A] = 4
    scene.wait(A, count=3)
    assert scene.next() is None  # more may come until the device is free
    scene.wait(A)
    assert scene.next() == ("cuda:0", "a")
    scene.hosts[0].ahead = CurrentBatch(2, (A, "say", ""), [])
    assert scene.next() is None


async def test_nothing_is_sent_ahead_where_another_host_is_about_to_be_free() -> None:
    scene = Scene("cuda:0", "cuda:1")
    scene.holds(A)
    scene.works(A)
    scene.hosts[1].work = CurrentLoad(A)
    scene.wait(A, count=100)
    assert scene.next() is None


@pytest.mark.parametrize("suspect", ["at work", "waiting"])
async def test_what_is_done_alone_is_done_alone(suspect: str) -> None:
    scene = Scene(largest_batch=1)
    scene.holds(A)
    alone = scene.waiting(A, alone=True)
    scene.works(A)
    if suspect == "waiting":
        scene.backlog.add(alone)
    else:
        scene.hosts[0].work = CurrentBatch(1, alone.key, [alone])
        scene.wait(A)
    assert scene.next() is None


async def test_nothing_is_sent_ahead_of_what_waits_for_longer() -> None:
    scene = Scene(patience_seconds=3600)
    scene.holds(A)
    scene.works(A)
    scene.known.sizes[B] = 600
    scene.wait(B, ago=1)
    scene.wait(A, count=20)
    assert scene.next() is None


@pytest.mark.parametrize("at_work", [A, B], ids=["the same model", "another one"])
async def test_what_has_waited_for_as_long_as_loading_takes_makes_it_worth_it(
    at_work: ModelKey,
) -> None:
    scene = Scene("cuda:0", "cuda:1")
    scene.holds(A)
    scene.works(at_work)
    scene.known.load_seconds[A] = 20.0
    scene.wait(A, ago=10)
    assert scene.next() is None
    scene.known.load_seconds[A] = 5.0
    assert scene.next() == ("cuda:1", "a")


async def test_a_model_that_is_being_loaded_is_waited_for() -> None:
    scene = Scene("cuda:0", "cuda:1")
    scene.hosts[0].work = CurrentLoad(A)
    scene.wait(A, count=3)
    assert scene.next() is None


async def test_a_host_with_nothing_to_do_waits_a_moment_for_a_full_batch() -> None:
    scene = Scene(batch_wait_seconds=1)
    scene.holds(A)
    scene.known.most[A] = 2
    scene.wait(A)
    assert scene.next() is None
    scene.wait(A)
    assert scene.next() == ("cuda:0", "a")


async def test_that_moment_ends() -> None:
    scene = Scene(batch_wait_seconds=1)
    scene.holds(A)
    scene.wait(A, ago=1)
    assert scene.next() == ("cuda:0", "a")


async def test_a_model_too_large_for_one_host_is_for_the_others() -> None:
    scene = Scene("cuda:0", "cuda:1")
    scene.hosts[0].too_large.add(A)
    scene.wait(A)
    assert scene.next() == ("cuda:1", "a")


async def test_a_model_that_is_known_to_be_too_large_is_not_tried() -> None:
    scene = Scene("cuda:0", "cuda:1")
    scene.hosts[1].budget = 500
    scene.known.sizes[A] = 600
    scene.works(B)
    scene.wait(A)
    assert scene.next() is None


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two models that do not fit beside each other, both always wanted, on a clock of ours."""
    clock = [LONG_AGO]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    scene, done, loads = Scene(patience_seconds=10), {"a": 0, "b": 0}, 0
    scene.known.sizes |= {A: 600, B: 600}
    scene.wait(A)
    scene.wait(B)
    for _ in range(200):
        choice = scene.chooser.next()
        assert choice is not None
        model = choice.key[0]
        if model not in scene.hosts[0].models:
            loads += 1
            scene.hosts[0].models.clear()
            scene.holds(model)
            scene.hosts[0].loaded_at = clock[0]
            continue
        scene.backlog.take(choice.key, 1)
        scene.wait(model)
        done[model.name] += 1
        clock[0] += 1
    assert min(done.values()) > 80
    assert loads < 25
