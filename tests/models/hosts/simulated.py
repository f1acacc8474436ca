"""Model hosts on a clock of ours: the real scheduling, with links to hosts that only take time."""

import asyncio
import selectors
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Any
from unittest import mock

from engine.contract import ModelKey, Task
from engine.contract.host_settings import HostSettings
from engine.models.hosts import messages
from engine.models.hosts.codec import pack
from engine.models.hosts.links.local import LocalMachine
from engine.models.hosts.messages import WorkerOptions
from engine.models.hosts.model_hosts import ModelHosts
from tests.models.hosts.conftest import Ear


class _Jump(selectors.DefaultSelector):
    """Moves the clock on instead of waiting."""

    clock = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits, for ever"
            self.clock += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on whose clock nothing but waiting takes time."""

    def __init__(self) -> None:
        self.jump = _Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        return self.jump.clock


@dataclass
class Machines:
    """Devices that take time, and what they did.

    Attributes:
        speeds: Seconds per task by device.
        fixed: Seconds per batch besides, as a share of a task.
        load: Seconds that a model takes to load.
        most: Tasks in a batch at most.
        size: Bytes of a model.
    """

    speeds: dict[str, float]
    fixed: float = 0.0
    load: float = 0.0
    most: int = 8
    size: int = 1
    done: dict[str, int] = field(default_factory=dict)
    loads: list[tuple[str, str]] = field(default_factory=list)
    batches: list[tuple[str, int]] = field(default_factory=list)

    def seconds(self, device: str, tasks: int) -> float:
        """Seconds of a batch."""
        return self.speeds[device] * (self.fixed + tasks)

    def link(
        self,
        orders: WorkerOptions,
        on_report: Callable[[messages.HostReport], None],
        _on_end: Callable[[Any], None],
    ) -> "_Link":
        """A link to a host of a device."""
        return _Link(self, orders.device, on_report)


class _Link:
    """One host: it does one command after the other."""

    pid, last_words = 1, ""

    def __init__(
        self, machines: Machines, device: str, tell: Callable[[messages.HostReport], None]
    ) -> None:
        self._machines, self._device, self._tell = machines, device, tell
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[messages.LoadModel | messages.RunBatch] = deque()
        self._given_up: set[tuple[int, int]] = set()
        self._held: dict[ModelKey, None] = {}
        self._busy = False
        self._loop.call_soon(tell, messages.HostReady(1000, 1000))

    def send(self, command: messages.HostCommand) -> None:
        if isinstance(command, messages.CancelTask):
            self._given_up.add((command.number, command.task))
            return
        self._inbox.append(command)
        self._next()

    def _next(self) -> None:
        if self._busy or not self._inbox:
            return
        command, self._busy = self._inbox.popleft(), True
        if isinstance(command, messages.LoadModel):
            self._machines.loads.append((self._device, command.key.name))
            self._loop.call_later(self._machines.load, self._loaded, command.key)
            return
        count = len(command.payloads)
        wanted = [n for n in range(count) if (command.number, n) not in self._given_up]
        seconds = self._machines.seconds(self._device, len(wanted)) if wanted else 0.0
        self._loop.call_later(seconds, self._done, command, wanted, seconds)

    def _loaded(self, key: ModelKey) -> None:
        while (1 + len(self._held)) * self._machines.size > 1000:
            self._held.pop(next(iter(self._held)))
        self._held[key] = None
        size = self._machines.size
        models = tuple(messages.ModelUsage(each, size, offloaded=False) for each in self._held)
        self._tell(messages.LoadedModels(models, len(models) * size))
        self._free(messages.ModelLoaded(key, self._machines.most, self._machines.load, size))

    def _done(self, command: messages.RunBatch, wanted: list[int], seconds: float) -> None:
        done = self._machines.done
        done[self._device] = done.get(self._device, 0) + len(wanted)
        self._machines.batches.append((self._device, len(wanted)))
        answers: tuple[messages.TaskReply, ...] = tuple(
            messages.TaskSuccess(pack(self._device)) if n in wanted else messages.TaskAbandoned()
            for n in range(len(command.payloads))
        )
        self._free(messages.BatchDone(command.number, answers, seconds))

    def _free(self, report: messages.HostReport) -> None:
        self._busy = False
        self._next()
        self._tell(report)

    def kill(self) -> None:
        raise AssertionError("nothing hangs here")

    def close(self) -> None:
        self._inbox.clear()


def virtual(machines: Machines, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """The result of a coroutine on a clock of its own, in which hosts are those of `machines`."""
    loop = VirtualLoop()
    with (
        asyncio.Runner(loop_factory=lambda: loop) as runner,
        mock.patch.object(time, "monotonic", loop.time),
        mock.patch.object(LocalMachine, "link", lambda _, *given: machines.link(*given)),
    ):
        return runner.run(work())


class Trial:
    """Hosts whose speeds are learnt, over one batch after the other.

    Args:
        machines: The devices.
        in_flight: Tasks that are asked for at once; 0 for all.
        settings: Settings of the hosts.
    """

    def __init__(self, machines: Machines, in_flight: int = 0, **settings: Any) -> None:
        self._left = 0
        self._in_flight = in_flight
        chosen = HostSettings(devices=list(machines.speeds), **settings)
        self.hosts = ModelHosts(chosen, lambda: self._left)

    async def seconds(self, *models: ModelKey) -> float:
        """Seconds until a task of each of these models is done."""
        started, places = time.monotonic(), asyncio.Semaphore(self._in_flight or len(models))
        self._left = len(models)

        async def one(model: ModelKey) -> None:
            async with places:
                self._left -= 1
                await self.hosts.infer(Task(model, "say", "x"), Ear())

        await asyncio.gather(*map(one, models))
        return time.monotonic() - started


def ideal(speeds: Sequence[float], tasks: int, fixed: float = 0.0) -> float:
    """The least seconds of that many tasks, each done as a whole by a device."""
    ends = sorted({speed * (fixed + n) for speed in speeds for n in range(1, tasks + 1)})
    return next(
        end
        for end in ends
        if sum(max(0, floor(end / speed - fixed + 1e-9)) for speed in speeds) >= tasks
    )
