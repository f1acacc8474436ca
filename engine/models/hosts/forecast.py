"""Forecast of when hosts are free, and of the share of waiting tasks that each should take.

A forecast of all hosts is dear if they are many. While far more tasks wait than they can have begun
with, a host takes a full batch in any case, which `is_plenty` sees without looking at the others.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.models.hosts.current_task import CurrentBatch, CurrentLoad
from engine.models.hosts.host import ModelHost
from engine.models.hosts.shares import Worker, ends
from engine.models.hosts.speeds import KindSpeeds, rising
from engine.models.hosts.status import KnownModels
from engine.models.hosts.tasks import BatchKey

CAUTION = 8.0
"""Factor by which a device of unknown speed may be slower than the fastest one that is known."""
UNIT = 1.0
"""Seconds assumed for a task of which no device has done the like; only ratios matter then."""


@dataclass(slots=True, eq=False)
class _Kind:
    """A kind of work: its speeds, the largest batch, seconds to load its model; what is computed.

    Attributes:
        fastest: Seconds of batches on a device of unknown speed, from 0 tasks to the most.
        workers: Hosts as workers at it.
        ends: Seconds in which hosts can have done some tasks.
    """

    speeds: KindSpeeds
    most: int
    loading: float
    fastest: list[float] = field(default_factory=list)
    workers: dict[ModelHost, Worker] = field(default_factory=dict)
    ends: dict[tuple[int, tuple[ModelHost, ...]], float] = field(default_factory=dict)

    def seconds(self, host: ModelHost, tasks: int) -> float:
        """Return the seconds of a batch; as of the fastest device if this one's are unknown."""
        seconds = self.speeds.seconds(host.device.id, tasks)
        if seconds is None:
            seconds = self.speeds.fastest(tasks)
        return UNIT * tasks if seconds is None else seconds

    def table(self, host: ModelHost) -> Sequence[float]:
        """Return the seconds of batches by their number of tasks."""
        if (table := self.speeds.table(host.device.id, self.most)) is not None:
            return table
        if not self.fastest:
            self.fastest = rising([self.seconds(host, n) for n in range(1, self.most + 1)])
        return self.fastest


class Forecast:
    """Estimates for one choice, from the measured speeds; each is computed once, when it is needed.

    Args:
        known: Known figures about models.
        most: Returns the maximum number of tasks of a kind done at once.
        holders: Returns the hosts that have the model of a kind of work.
        without: A batch sent ahead that is left out.
    """

    def __init__(
        self,
        known: KnownModels,
        most: Callable[[BatchKey], int],
        holders: Callable[[BatchKey], list[ModelHost]],
        without: CurrentBatch | None = None,
    ) -> None:
        self._known = known
        self._most = most
        self._holders = holders
        self._without = without
        self._now = time.monotonic()
        self._earlier: list[tuple[BatchKey, int]] = []
        self._reserved: dict[ModelHost, float] = {}
        self._kinds: dict[BatchKey, _Kind] = {}

    def knows(self, host: ModelHost, key: BatchKey) -> bool:
        """Return whether the speed of a host at a kind of work is known."""
        return self._kind(key).speeds.knows(host.device.id)

    def seconds(self, host: ModelHost, key: BatchKey, tasks: int) -> float:
        """Return the seconds of a batch; as of the fastest device if this one's are unknown."""
        return self._kind(key).seconds(host, tasks)

    def is_plenty(self, host: ModelHost, key: BatchKey, tasks: int, hosts: int) -> bool:
        """Return whether some tasks are surely so many that a host's share is a full batch.

        They are if all hosts together, if each began now and in full batches, would be at work for
        longer than it takes until this host has ended its next one.

        Args:
            host: The host.
            key: Kind of the tasks.
            tasks: Their number.
            hosts: Number of hosts that may share the work.
        """
        kind = self._kind(key)
        if tasks < kind.most:
            return False
        slower = 1.0 if kind.speeds.knows(host.device.id) else CAUTION
        needed = self._ready(host, key, kind) + kind.seconds(host, kind.most) * slower
        return needed * (kind.speeds.rate(hosts) or hosts / UNIT) <= tasks

    def share(
        self,
        host: ModelHost,
        hosts: Sequence[ModelHost],
        key: BatchKey,
        tasks: int,
    ) -> int:
        """Return how many of some tasks a host should take so that all end soonest.

        A device of unknown speed is tried with one at least, and with no more than would end in
        time if it were `CAUTION` times slower than the others.

        Args:
            host: The host.
            hosts: All hosts that share the work, this one too.
            key: Kind of the tasks.
            tasks: Their number.
        """
        if self.knows(host, key):
            return self.worker(host, key).by(self.ends(hosts, key, tasks))
        usual = self.worker(host, key)
        this = Worker(usual.ready, [seconds * CAUTION for seconds in usual.table])
        others = self._workers([each for each in hosts if each is not host], key)
        return max(1, this.by(ends([this, *others], tasks)))

    def joins(self, host: ModelHost, hosts: Sequence[ModelHost], key: BatchKey, tasks: int) -> bool:
        """Return whether another host would get a share of some tasks if it joined those hosts."""
        if not self.knows(host, key):
            return True
        return self.worker(host, key).by(self.ends(hosts, key, tasks)) > 0

    def ends(self, hosts: Sequence[ModelHost], key: BatchKey, tasks: int) -> float:
        """Return the seconds in which hosts can have done some tasks."""
        self._heed_earlier(hosts)
        known, which = self._kind(key).ends, (tasks, tuple(hosts))
        if (end := known.get(which)) is None:
            end = known[which] = ends(self._workers(hosts, key), tasks)
        return end

    def worker(self, host: ModelHost, key: BatchKey) -> Worker:
        """Return a host as a worker at a kind of task."""
        return self._workers([host], key)[0]

    def reserve(self, key: BatchKey, tasks: int) -> None:
        """Note that tasks that have waited longer will be done first by the hosts that can."""
        self._earlier.append((key, tasks))

    def _workers(self, hosts: Sequence[ModelHost], key: BatchKey) -> list[Worker]:
        self._heed_earlier(hosts)
        kind = self._kind(key)
        known = kind.workers
        for host in hosts:
            if host not in known:
                known[host] = Worker(self._ready(host, key, kind), kind.table(host))
        return [known[host] for host in hosts]

    def _kind(self, key: BatchKey) -> _Kind:
        if (kind := self._kinds.get(key)) is None:
            loading = self._known.load_seconds.get(key[0], 0.0)
            kind = self._kinds[key] = _Kind(self._known.speeds.of(key), self._most(key), loading)
        return kind

    def _ready(self, host: ModelHost, key: BatchKey, kind: _Kind) -> float:
        """Return the seconds until a host can begin with work of a kind, its model loaded."""
        self._heed_earlier([host])
        ready = self._reserved.get(host, 0.0)
        if not host.has(key[0]):
            ready += kind.loading
        if host.work is not None:
            ready += self._left(host, host.work)
        if host.ahead is not None and host.ahead is not self._without:
            ready += self.seconds(host, host.ahead.key, len(host.ahead.tasks))
        return ready

    def _heed_earlier(self, hosts: Sequence[ModelHost]) -> None:
        """Add to each host its share of the tasks that have waited longer, if some have one."""
        if not any(host.has(key[0]) for key, _ in self._earlier for host in hosts):
            return
        earlier, self._earlier = self._earlier, []
        for key, tasks in earlier:
            if holders := self._holders(key):
                end = self.ends(holders, key, tasks)
                for host, worker in zip(holders, self._workers(holders, key), strict=True):
                    later = worker.takes(worker.by(end))
                    self._reserved[host] = self._reserved.get(host, 0.0) + later
                self._kinds.clear()

    def _left(self, host: ModelHost, work: CurrentLoad | CurrentBatch) -> float:
        """Return the remaining seconds; what is overdue is expected to take as long again."""
        elapsed = self._now - work.since
        if isinstance(work, CurrentLoad):
            return abs(self._known.load_seconds.get(work.model, 0.0) - elapsed)
        return abs(self.seconds(host, work.key, len(work.tasks)) - elapsed)
