"""Choice of the next work of each host.

The longest waiting goes first. A host that holds the model is preferred; if none does, the model
is loaded on the host with the most free memory. Two rules prevent thrashing. A model with waiting
tasks is evicted for another only after (a) a task of the other has waited `patience` and (b) the
loaded model has been resident at least that long. And a model that another host holds is loaded a
second time only if the waiting tasks would keep that host busy for longer than loading takes, or
have waited that long.
"""

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract.host_settings import HostSettings
from engine.contract.model_host import ModelKey
from engine.models.hosts.batch_size import BatchLimits
from engine.models.hosts.current_task import CurrentLoad
from engine.models.hosts.devices import CPU
from engine.models.hosts.host import ModelHost
from engine.models.hosts.status import KnownModels
from engine.models.hosts.tasks import Backlog, BatchKey, PendingTask

UNKNOWN_MOST = 8
"""Assumed batch size of a model that has not reported its own yet."""


@dataclass(frozen=True, slots=True)
class HostChoice:
    """Next work of a host: a batch if it holds the model, else loading the model."""

    host: ModelHost
    key: BatchKey


def on_devices(hosts: Sequence[ModelHost], model: ModelKey) -> list[ModelHost]:
    """Return the hosts that a model may run on: those it names, else accelerators, else CPUs."""
    if model.device:
        return [host for host in hosts if host.device.suits(model.device)]
    accelerators = [host for host in hosts if host.device.kind != CPU]
    return accelerators or list(hosts)


class Chooser:
    """Choose the next work of the hosts.

    Args:
        hosts: All hosts.
        backlog: Waiting tasks.
        known: Known sizes and times of models.
        fitting: Limits learnt from batches that did not fit.
        settings: Settings of the hosts.
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
        """Return the next thing to do; None if nothing should start now."""
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
        """Return a full batch for a busy host, if nothing older waits for that host."""
        if len(queue) < self.most(key) or queue[0].alone:
            return None
        if any(isinstance(host.work, CurrentLoad) and host.has(key[0]) for host in hosts):
            return None  # another host will soon be free for it
        able = (h for h in hosts if h.takes_ahead and key[0] in h.models and h not in passed)
        return next((HostChoice(host, key) for host in able), None)

    def usable(self, model: ModelKey) -> list[ModelHost]:
        """Return the hosts that may do a model's work, now or when they are free."""
        hosts = on_devices(self._hosts, model)
        return [host for host in hosts if host.could_hold(model) and not host.is_broken]

    def _may_grow(self, key: BatchKey, queue: deque[PendingTask]) -> bool:
        """Return whether a batch should still wait a moment for further tasks that fit.

        The moment restarts with each new task, up to five times in all; it is longer for a model
        whose batches take long, since it then costs little.
        """
        if len(queue) >= self.most(key):
            return False
        moment = self.settings.batch_wait_seconds
        if moment:
            moment = max(moment, self._known.batch_seconds.get(key[0], 0.0) / 20)
        now = time.monotonic()
        return now - queue[-1].since < moment and now - queue[0].since < 5 * moment

    def most(self, key: BatchKey) -> int:
        """Return the maximum number of tasks of a kind done at once."""
        most = self._known.most.get(key[0], UNKNOWN_MOST)
        limit = self.settings.largest_batch
        return self._fitting.most(key, min(most, limit) if limit else most)

    def _is_worth_loading(
        self, key: BatchKey, queue: deque[PendingTask], hosts: list[ModelHost]
    ) -> bool:
        """Return whether no other host has the model, or waiting for it exceeds loading time."""
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
            return True  # the models to be evicted have no waiting tasks
        patience = self.settings.patience_seconds
        patience = max(patience, 2 * self._known.load_seconds.get(model, 0.0))
        return waited >= patience and time.monotonic() - host.loaded_at >= patience


def _room(host: ModelHost) -> float:
    """Return the free bytes; a host that was never started counts as the one with the most."""
    return host.budget - host.filled if host.budget else math.inf
