"""Choice of the next work of each host: free hosts pull it, nothing is dealt out before.

The longest waiting goes first. A model that is loaded goes before one that is not; for loading, a
device with memory free goes before one that would have to evict, then the one measured to be
faster, then the one with the most memory free. Near the end of the work, tasks are divided so that
all devices end together: a slow device leaves the last ones to a faster one. A device that has not
done a kind of work yet is tried with a few tasks.

Two rules prevent thrashing. A model with waiting tasks is evicted for another only after (a) a task
of the other has waited `patience` and (b) the loaded model has been resident at least that long.
And a model that another host holds is loaded a second time only if the waiting tasks would keep
that host busy for longer than loading takes, or have waited that long.
"""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.contract.host_settings import HostSettings
from engine.contract.model_host import ModelKey
from engine.models.hosts.batch_size import BatchLimits
from engine.models.hosts.current_task import CurrentLoad
from engine.models.hosts.devices import CPU
from engine.models.hosts.forecast import Forecast
from engine.models.hosts.host import ModelHost
from engine.models.hosts.shares import ends
from engine.models.hosts.status import KnownModels
from engine.models.hosts.tasks import Backlog, BatchKey, PendingTask

UNKNOWN_MOST = 8
"""Assumed batch size of a model that has not reported its own yet."""
WORTH = 0.95
"""A batch is taken back from a busy host if its tasks end in less than this share of the time."""


@dataclass(frozen=True, slots=True)
class HostChoice:
    """Next work of a host.

    Attributes:
        host: The host.
        key: Kind of its tasks, or of those whose model it loads.
        tasks: Number of tasks of the batch; 0 to load the model.
    """

    host: ModelHost
    key: BatchKey
    tasks: int = 0


def on_devices(hosts: Sequence[ModelHost], model: ModelKey) -> list[ModelHost]:
    """Return the hosts that a model may run on: those it names, else accelerators, else CPUs.

    Only hosts on machines that have what it needs, as far as is known.
    """
    hosts = [host for host in hosts if not (host.is_leaving or host.lacks(model))]
    if model.device:
        return [host for host in hosts if host.device.suits(model.device)]
    accelerators = [host for host in hosts if host.device.kind != CPU]
    return accelerators or hosts


def nothing_more() -> int:
    """Return 0: nothing is known to come."""
    return 0


class Chooser:
    """Choose the next work of the hosts.

    Args:
        hosts: All hosts.
        backlog: Waiting tasks.
        known: Known sizes and times of models.
        fitting: Limits learnt from batches that did not fit.
        settings: Settings of the hosts.
        expected: Returns how many tasks are expected besides the waiting ones.
    """

    def __init__(
        self,
        hosts: Sequence[ModelHost],
        backlog: Backlog,
        known: KnownModels,
        fitting: BatchLimits,
        settings: HostSettings,
        expected: Callable[[], int] = nothing_more,
    ) -> None:
        self._hosts = hosts
        self._backlog = backlog
        self._known = known
        self._fitting = fitting
        self._expected = expected
        self._on_devices: dict[ModelKey, list[ModelHost]] = {}
        self.settings = settings

    def next(self) -> HostChoice | None:
        """Return the next thing to do; None if nothing should start now."""
        able = [host for host in self._hosts if host.work is None or host.ahead is None]
        able = [host for host in able if host.is_free or host.takes_ahead]
        if not able:
            return None
        self._on_devices.clear()
        forecast = Forecast(self._known, self.most, self._holders)
        for key, queue in self._backlog.kinds():
            usable = [host for host in able if self._is_usable(host, key[0])]
            if any(host.is_free for host in usable):
                choice = self._begin(key, queue, [h for h in usable if h.is_free], forecast)
            else:
                choice = self._send_ahead(key, queue, usable, forecast)
            if choice:
                return choice
            able = [host for host in able if host.is_free or host not in usable]
            if len(self._hosts) > 1:
                forecast.reserve(key, len(queue))
        return None

    def _begin(
        self,
        key: BatchKey,
        queue: deque[PendingTask],
        free: list[ModelHost],
        forecast: Forecast,
    ) -> HostChoice | None:
        holding = [host for host in free if key[0] in host.models]
        if holding:
            return None if self._may_grow(key, queue) else self._take(key, queue, free, forecast)
        able = self._next_to_load(key, queue, free, forecast)
        if not able:
            return None
        return HostChoice(max(able, key=lambda host: self._rank(host, key, forecast)), key)

    def _rank(
        self, host: ModelHost, key: BatchKey, forecast: Forecast
    ) -> tuple[bool, float, float]:
        """Return the rank of a host for loading: memory free, then measured speed."""
        return host.has_room_for(key[0]), -forecast.seconds(host, key, 1), _room(host)

    def _take(
        self,
        key: BatchKey,
        queue: deque[PendingTask],
        free: list[ModelHost],
        forecast: Forecast,
    ) -> HostChoice | None:
        """Return a batch for the fastest free host whose share of the tasks is not empty.

        Its share is that of all tasks that are known to come, so that a slow host leaves the last
        ones to the others; and no more than its share of the waiting ones among the hosts that have
        nothing to do.
        """
        most, count = min(self.most(key), len(queue)), len(queue) + self._expected()
        with_it = [host for host in free if key[0] in host.models]
        with_it.sort(key=lambda host: (forecast.seconds(host, key, 1), -_room(host)))
        sure = count if len(free) == 1 else len(queue)
        if forecast.is_plenty(with_it[0], key, sure, len(self._hosts)):
            return HostChoice(with_it[0], key, most)
        holders = self._holders(key)
        others = self._next_to_load(key, queue, free, forecast, is_sure=False)
        if len(holders) + len(others) == 1:
            return HostChoice(with_it[0], key, most)
        for host in with_it:
            share = forecast.share(host, [*holders, *others], key, count)
            part = forecast.share(host, [*with_it, *others], key, len(queue))
            if share:
                return HostChoice(host, key, min(most, share, max(1, part)))
        return None

    def _next_to_load(
        self,
        key: BatchKey,
        queue: deque[PendingTask],
        free: list[ModelHost],
        forecast: Forecast,
        *,
        is_sure: bool = True,
    ) -> list[ModelHost]:
        """Return the free hosts that should load a model.

        They should if no other host has it, or if the others need longer for its tasks than loading
        takes and leave a share to them. If the speed of the others is unknown, the tasks have to
        have waited for as long since it was loaded, unless it need not be sure.
        """
        waited = time.monotonic() - queue[0].since
        able = [h for h in free if not h.has(key[0]) and self._may_load(h, key[0], waited)]
        holders = self._holders(key) if able else []
        if not holders:
            return able
        loading = self._known.load_seconds.get(key[0], math.inf)
        if not any(forecast.knows(host, key) for host in holders):
            since = max(queue[0].since, *(host.loaded_at for host in holders))
            return able if not is_sure or time.monotonic() - since > loading else []
        count = len(queue) + self._expected()
        if forecast.ends(holders, key, count) <= loading:
            return []
        return [host for host in able if forecast.joins(host, holders, key, count)]

    def _send_ahead(
        self,
        key: BatchKey,
        queue: deque[PendingTask],
        usable: list[ModelHost],
        forecast: Forecast,
    ) -> HostChoice | None:
        """Return a full batch for a busy host.

        Only if it is its share of the tasks: one that is slow or has much to do gets none.
        """
        most = self.most(key)
        if len(queue) < most or queue[0].alone:
            return None
        with_it = [host for host in usable if key[0] in host.models]
        if not with_it or self._is_being_loaded(key[0]):
            return None  # another host will soon be free for it
        count = len(queue) + self._expected()
        plenty = (host for host in with_it if self._is_plenty(host, key, count, forecast))
        if host := next(plenty, None):
            return HostChoice(host, key, most)
        holders = self._holders(key)
        for host in with_it:
            if len(holders) == 1 or self._is_share(host, holders, key, count, forecast):
                return HostChoice(host, key, most)
        return None

    def _is_plenty(self, host: ModelHost, key: BatchKey, count: int, forecast: Forecast) -> bool:
        known = forecast.knows(host, key)
        return known and forecast.is_plenty(host, key, count, len(self._hosts))

    def _is_being_loaded(self, model: ModelKey) -> bool:
        loading = [host for host in self._hosts if isinstance(host.work, CurrentLoad)]
        return any(host.has(model) and self._is_usable(host, model) for host in loading)

    def _holders(self, key: BatchKey) -> list[ModelHost]:
        """Return the hosts that hold the model of a kind of work or are loading it."""
        return [host for host in self.usable(key[0]) if host.has(key[0])]

    def _is_share(
        self,
        host: ModelHost,
        holders: list[ModelHost],
        key: BatchKey,
        count: int,
        forecast: Forecast,
    ) -> bool:
        known = forecast.knows(host, key)
        return known and forecast.share(host, holders, key, count) >= self.most(key)

    def take_back(self) -> ModelHost | None:
        """Return a host whose next batch should be taken back: a free host ends it sooner."""
        if not self.could_take_back() or self._expected():
            return None
        self._on_devices.clear()
        now, moment = time.monotonic(), self.settings.batch_wait_seconds
        free = [host for host in self._hosts if host.is_free and now - host.idle_since >= moment]
        return next((host for host in self._hosts if self._ends_sooner(host, free)), None)

    def could_take_back(self) -> bool:
        """Return whether a host is free while another has its next batch already."""
        idle = [host for host in self._hosts if host.work is None]
        return any(host.models and host.is_free for host in idle) and any(
            host.ahead is not None for host in self._hosts
        )

    def _ends_sooner(self, host: ModelHost, free: list[ModelHost]) -> bool:
        """Return whether the next batch of a host ends sooner if free hosts share it."""
        ahead = host.ahead
        if ahead is None or ahead.tasks[0].alone or self._backlog.has(ahead.key):
            return False
        model, count = ahead.model, len(ahead.tasks)
        able = [each for each in free if model in each.models and self._is_usable(each, model)]
        if not able:
            return False
        forecast = Forecast(self._known, self.most, self._holders, without=ahead)
        workers = [forecast.worker(each, ahead.key) for each in (host, *able)]
        sooner = ends(workers, count)
        helps = any(worker.by(sooner) for worker in workers[1:])
        return helps and sooner < WORTH * (workers[0].ready + workers[0].takes(count))

    def moment(self) -> float:
        """Return the seconds until something that waits a moment has to be looked at; 0 if none."""
        now, wait = time.monotonic(), self.settings.batch_wait_seconds
        ends = [self._grows_until(key, queue) for key, queue in self._backlog.kinds()]
        if self.could_take_back():
            ends += [host.idle_since + wait for host in self._hosts if host.is_free]
        return min((end - now for end in ends if end > now), default=0.0)

    def usable(self, model: ModelKey) -> list[ModelHost]:
        """Return the hosts that may do a model's work, now or when they are free."""
        hosts = on_devices(self._hosts, model)
        return [host for host in hosts if host.could_hold(model) and not host.is_out]

    def has_idle(self) -> bool:
        """Return whether a host that may do some of the waiting work has none."""
        idle = [host for host in self._hosts if host.work is None]
        kinds = self._backlog.kinds() if idle else []
        self._on_devices.clear()
        return any(self._is_usable(host, key[0]) for key, _ in kinds for host in idle)

    def _is_usable(self, host: ModelHost, model: ModelKey) -> bool:
        return host in self._suited(model) and host.could_hold(model) and not host.is_out

    def _suited(self, model: ModelKey) -> list[ModelHost]:
        """Return the hosts on devices that a model may run on, found once for a choice."""
        if (suited := self._on_devices.get(model)) is None:
            suited = self._on_devices[model] = on_devices(self._hosts, model)
        return suited

    def waiting(self) -> Counter[ModelHost]:
        """Return the number of tasks that wait for each host, for display."""
        counts: Counter[ModelHost] = Counter()
        for (model, _, _), queue in self._backlog.kinds():
            hosts = self.usable(model)
            if hosts:
                counts[next((host for host in hosts if host.has(model)), hosts[0])] += len(queue)
        return counts

    def _may_grow(self, key: BatchKey, queue: deque[PendingTask]) -> bool:
        """Return whether a batch should still wait a moment for further tasks that fit."""
        return self._grows_until(key, queue) > time.monotonic()

    def _grows_until(self, key: BatchKey, queue: deque[PendingTask]) -> float:
        """Return until when a batch waits for further tasks, by the monotonic clock.

        The moment restarts with each new task, up to five times in all; it is longer for a model
        whose batches take long, since it then costs little.
        """
        most = self.most(key)
        if len(queue) >= most:
            return 0.0
        moment = self.settings.batch_wait_seconds
        if moment:
            tasks = most if self._expected() else len(queue)
            moment = max(moment, (self._known.speeds.fastest(key, tasks) or 0.0) / 20)
        return min(queue[-1].since + moment, queue[0].since + 5 * moment)

    def most(self, key: BatchKey) -> int:
        """Return the maximum number of tasks of a kind done at once."""
        most = self._known.most.get(key[0], UNKNOWN_MOST)
        limit = self.settings.largest_batch
        return self._fitting.most(key, min(most, limit) if limit else most)

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
