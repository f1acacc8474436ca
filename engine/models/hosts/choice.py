"""Which host does what next.

The longest waiting goes first. A host that holds the model is preferred; where none does, the model
is loaded where it has room, and where there is most of it. Two rules keep models from being loaded
to and fro. A model that others wait for is unloaded for another one only after that one has waited
for `patience`, and after it has itself been there for as long. And a model that another host holds
is loaded once more only where what waits would keep that host busy for longer than loading takes,
or has waited for as long.
"""

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from engine.config.settings import HostSettings
from engine.contract.model_host import ModelKey
from engine.models.hosts.batch_size import BatchLimits
from engine.models.hosts.current_task import CurrentLoad
from engine.models.hosts.devices import CPU
from engine.models.hosts.host import ModelHost
from engine.models.hosts.status import KnownModels
from engine.models.hosts.tasks import Backlog, BatchKey, PendingTask

UNKNOWN_MOST = 8
"""Tasks that a model is taken to do at once before it has said how many."""


@dataclass(frozen=True, slots=True)
class HostChoice:
    """What a host does next: a batch where it holds the model, else it loads that."""

    host: ModelHost
    key: BatchKey


def on_devices(hosts: Sequence[ModelHost], model: ModelKey) -> list[ModelHost]:
    """The hosts that a model may run on: where it says, or accelerators, or the processor."""
    if model.device:
        return [host for host in hosts if host.device.suits(model.device)]
    accelerators = [host for host in hosts if host.device.kind != CPU]
    return accelerators or list(hosts)


class Chooser:
    """Chooses.

    Args:
        hosts: All hosts.
        backlog: What waits.
        known: What is known of models.
        fitting: What is known of batches that did not fit.
        settings: How hosts work.
    """

    def __init__(
        self,
        hosts: Sequence[ModelHost],
        backlog: Backlog,
        known: KnownModels,
        fitting: BatchLimits,
        settings: HostSettings,
    ) -> None:
        self._hosts = hosts
        self._backlog = backlog
        self._known = known
        self._fitting = fitting
        self.settings = settings

    def next(self) -> HostChoice | None:
        """The next thing to do; None where nothing is to be begun now."""
        passed: set[ModelHost] = set()
        for key, queue in self._backlog.kinds():
            hosts = self.usable(key[0])
            free = [host for host in hosts if host.is_free]
            if free:
                choice = self._begin(key, queue, hosts, free)
            else:
                choice = self._send_ahead(key, queue, hosts, passed)
            if choice:
                return choice
            passed.update(hosts)
        return None

    def _begin(
        self,
        key: BatchKey,
        queue: deque[PendingTask],
        hosts: list[ModelHost],
        free: list[ModelHost],
    ) -> HostChoice | None:
        holding = [host for host in free if key[0] in host.models]
        if holding:
            return None if self._may_grow(key, queue) else HostChoice(max(holding, key=_room), key)
        if not self._is_worth_loading(key, queue, hosts):
            return None
        waited = time.monotonic() - queue[0].since
        able = [host for host in free if self._may_load(host, key[0], waited)]
        if not able:
            return None
        best = max(able, key=lambda host: (host.has_room_for(key[0]), _room(host)))
        return HostChoice(best, key)

    def _send_ahead(
        self,
        key: BatchKey,
        queue: deque[PendingTask],
        hosts: list[ModelHost],
        passed: set[ModelHost],
    ) -> HostChoice | None:
        """A full batch goes to a host that is at work, where nothing older waits for that one."""
        if len(queue) < self.most(key) or queue[0].alone:
            return None
        if any(isinstance(host.work, CurrentLoad) and host.has(key[0]) for host in hosts):
            return None  # another one is free for it before long
        able = (h for h in hosts if h.takes_ahead and key[0] in h.models and h not in passed)
        return next((HostChoice(host, key) for host in able), None)

    def usable(self, model: ModelKey) -> list[ModelHost]:
        """The hosts that may do a model's work, now or when they are free."""
        hosts = on_devices(self._hosts, model)
        return [host for host in hosts if host.could_hold(model) and not host.is_broken]

    def _may_grow(self, key: BatchKey, queue: deque[PendingTask]) -> bool:
        """Whether others that fit may come within the moment that a batch waits for them.

        The moment begins anew with each that comes, within five of them; it is longer for a model
        whose batches take long, where it costs little.
        """
        if len(queue) >= self.most(key):
            return False
        moment = self.settings.batch_wait_seconds
        if moment:
            moment = max(moment, self._known.batch_seconds.get(key[0], 0.0) / 20)
        now = time.monotonic()
        return now - queue[-1].since < moment and now - queue[0].since < 5 * moment

    def most(self, key: BatchKey) -> int:
        """Tasks of a kind that are done at once at most."""
        most = self._known.most.get(key[0], UNKNOWN_MOST)
        limit = self.settings.largest_batch
        return self._fitting.most(key, min(most, limit) if limit else most)

    def _is_worth_loading(
        self, key: BatchKey, queue: deque[PendingTask], hosts: list[ModelHost]
    ) -> bool:
        """Whether no other host has the model, or it would take longer than loading does."""
        holders = [host for host in hosts if host.has(key[0])]
        if not holders:
            return True
        sent = sum(host.ahead is not None for host in holders)
        batches = math.ceil((len(queue) / self.most(key) + sent) / len(holders))
        waited = time.monotonic() - queue[0].since
        seconds = max(waited, batches * self._known.batch_seconds.get(key[0], 0.0))
        return seconds > self._known.load_seconds.get(key[0], math.inf)

    def _may_load(self, host: ModelHost, model: ModelKey, waited: float) -> bool:
        if host.has_room_for(model):
            return True
        if not any(key[0] in host.models for key, _ in self._backlog.kinds() if key[0] != model):
            return True  # nobody waits for what would have to go
        patience = self.settings.patience_seconds
        patience = max(patience, 2 * self._known.load_seconds.get(model, 0.0))
        return waited >= patience and time.monotonic() - host.loaded_at >= patience


def _room(host: ModelHost) -> float:
    """Bytes that are free; a host that was never started, and has nothing, has most."""
    return host.budget - host.filled if host.budget else math.inf
