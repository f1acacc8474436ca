"""Forecast of when hosts are free, and of the share of waiting tasks that each should take."""

import time
from collections.abc import Callable, Sequence

from engine.models.hosts.current_task import CurrentBatch, CurrentLoad
from engine.models.hosts.host import ModelHost
from engine.models.hosts.shares import Worker, ends
from engine.models.hosts.status import KnownModels
from engine.models.hosts.tasks import BatchKey

CAUTION = 8.0
"""Factor by which a device of unknown speed may be slower than the fastest one that is known."""
UNIT = 1.0
"""Seconds assumed for a task of which no device has done the like; only ratios matter then."""


class Forecast:
    """Estimates for one choice, from the measured speeds.

    Args:
        known: Known figures about models.
        most: Returns the maximum number of tasks of a kind done at once.
        without: A batch sent ahead that is left out.
    """

    def __init__(
        self,
        known: KnownModels,
        most: Callable[[BatchKey], int],
        without: CurrentBatch | None = None,
    ) -> None:
        self._known = known
        self._most = most
        self._without = without
        self._now = time.monotonic()
        self._reserved: dict[ModelHost, float] = {}

    def knows(self, host: ModelHost, key: BatchKey) -> bool:
        """Return whether the speed of a host at a kind of work is known."""
        return self._known.speeds.knows(host.device.id, key)

    def seconds(self, host: ModelHost, key: BatchKey, tasks: int) -> float:
        """Return the seconds of a batch; as of the fastest device if this one's are unknown."""
        seconds = self._known.speeds.seconds(host.device.id, key, tasks)
        if seconds is None:
            seconds = self._known.speeds.fastest(key, tasks)
        return UNIT * tasks if seconds is None else seconds

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
        known = self.knows(host, key)
        others = self.workers([each for each in hosts if each is not host], key)
        this = self._worker(host, key, 1.0 if known else CAUTION)
        share = this.by(ends([this, *others], tasks))
        return share if known else max(1, share)

    def workers(self, hosts: Sequence[ModelHost], key: BatchKey) -> list[Worker]:
        """Return hosts as workers at a kind of task."""
        return [self._worker(host, key, 1.0) for host in hosts]

    def _worker(self, host: ModelHost, key: BatchKey, slower: float) -> Worker:
        return Worker(
            self._ready(host, key), lambda n: self.seconds(host, key, n) * slower, self._most(key)
        )

    def reserve(self, hosts: Sequence[ModelHost], key: BatchKey, tasks: int) -> None:
        """Note that tasks that have waited longer will be done by hosts first."""
        if not hosts:
            return
        workers = self.workers(hosts, key)
        end = ends(workers, tasks)
        for host, worker in zip(hosts, workers, strict=True):
            later = worker.takes(worker.by(end))
            self._reserved[host] = self._reserved.get(host, 0.0) + later

    def _ready(self, host: ModelHost, key: BatchKey) -> float:
        """Return the seconds until a host can begin with work of a kind, its model loaded."""
        ready = self._reserved.get(host, 0.0)
        if not host.has(key[0]):
            ready += self._known.load_seconds.get(key[0], 0.0)
        if host.work is not None:
            ready += self._left(host, host.work)
        if host.ahead is not None and host.ahead is not self._without:
            ready += self.seconds(host, host.ahead.key, len(host.ahead.tasks))
        return ready

    def _left(self, host: ModelHost, work: CurrentLoad | CurrentBatch) -> float:
        """Return the remaining seconds; what is overdue is expected to take as long again."""
        elapsed = self._now - work.since
        if isinstance(work, CurrentLoad):
            return abs(self._known.load_seconds.get(work.model, 0.0) - elapsed)
        return abs(self.seconds(host, work.key, len(work.tasks)) - elapsed)
