"""Speed of each device at each kind of work, learnt from the batches that it has done."""

from bisect import bisect_left
from collections import OrderedDict

from engine.contract.model_host import ModelKey
from engine.models.hosts.tasks import BatchKey

WEIGHT = 0.4
"""Weight of the newest batch in the mean of those of its size."""
KINDS = 1000
"""Kinds of work remembered; the least recently done are forgotten."""
INSTANT = 1e-6
"""Seconds of a batch at least, in a rate."""


class KindSpeeds:
    """Seconds of batches of one kind of work by device and number of tasks, as exponential means.

    A batch of eight does not take eight times as long as one task on a GPU, so each size has a mean
    of its own; sizes that were never done are estimated from their neighbours.

    Args:
        per_task: Mean seconds per task of the model by device, whatever the kind of work.
    """

    def __init__(self, per_task: dict[str, float]) -> None:
        self._per_task = per_task
        self._means: dict[str, dict[int, float]] = {}
        self._tables: dict[str, list[float]] = {}
        self._rates: dict[str, float] = {}
        self._total = 0.0

    def learn(self, device: str, tasks: int, seconds: float) -> None:
        """Note a batch that a device has done."""
        means = self._means.setdefault(device, {})
        means[tasks] = _mean(means.get(tasks), seconds)
        self._tables.pop(device, None)
        rate = max(size / max(mean, INSTANT) for size, mean in means.items())
        self._total += rate - self._rates.get(device, 0.0)
        self._rates[device] = rate

    def knows(self, device: str) -> bool:
        """Return whether a device has done work of this kind, or any other of its model."""
        return device in self._means or device in self._per_task

    def seconds(self, device: str, tasks: int) -> float | None:
        """Return the estimated seconds of a batch; None if its model never worked there."""
        if means := self._means.get(device):
            return _estimate(means, tasks)
        each = self._per_task.get(device)
        return None if each is None else each * tasks

    def fastest(self, tasks: int) -> float | None:
        """Return the estimated seconds of a batch on the fastest device; None if none is known."""
        known = (self.seconds(device, tasks) for device in self._per_task)
        return min((seconds for seconds in known if seconds is not None), default=None)

    def table(self, device: str, most: int) -> list[float] | None:
        """Return the seconds of batches of no task up to `most`, never falling; None if unknown."""
        table = self._tables.get(device)
        if table is None or len(table) <= most:
            if not self.knows(device):
                return None
            table = rising([self.seconds(device, n) or 0.0 for n in range(1, most + 1)])
            if device in self._means:
                self._tables[device] = table
        return table[: most + 1]

    def rate(self, devices: int) -> float:
        """Return how many tasks per second some devices do at most; 0 if no speed is known."""
        unknown = devices - len(self._rates)
        return self._total + (unknown * self._best_rate() if unknown > 0 else 0.0)

    def _best_rate(self) -> float:
        if self._rates:
            return max(self._rates.values())
        return 1 / max(min(self._per_task.values()), INSTANT) if self._per_task else 0.0


class Speeds:
    """Speeds by kind of work."""

    def __init__(self) -> None:
        self._kinds: OrderedDict[BatchKey, KindSpeeds] = OrderedDict()
        self._per_task: dict[ModelKey, dict[str, float]] = {}

    def learn(self, device: str, key: BatchKey, tasks: int, seconds: float) -> None:
        """Note a batch that a device has done."""
        per_task = self._per_task.setdefault(key[0], {})
        per_task[device] = _mean(per_task.get(device), seconds / tasks)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = KindSpeeds(per_task)
        kind.learn(device, tasks, seconds)
        self._kinds.move_to_end(key)
        while len(self._kinds) > KINDS:
            self._kinds.popitem(last=False)

    def of(self, key: BatchKey) -> KindSpeeds:
        """Return the speeds at a kind of work; those of its model if nobody has done the kind."""
        return self._kinds.get(key) or KindSpeeds(self._per_task.get(key[0], {}))

    def fastest(self, key: BatchKey, tasks: int) -> float | None:
        """Return the estimated seconds of a batch on the fastest device; None if none is known."""
        return self.of(key).fastest(tasks)

    def per_task(self, device: str, model: ModelKey) -> float | None:
        """Return the mean seconds per task of a model on a device, for display."""
        return self._per_task.get(model, {}).get(device)


def rising(seconds: list[float]) -> list[float]:
    """Return the seconds of batches of 1 task and more as a table from 0 tasks that never falls."""
    table = [0.0]
    for each in seconds:
        table.append(max(table[-1], each, INSTANT))
    return table


def _mean(before: float | None, value: float) -> float:
    return value if before is None else before + WEIGHT * (value - before)


def _estimate(means: dict[int, float], tasks: int) -> float:
    """Return the seconds of a size: known, on the line through two known ones, or in proportion."""
    if tasks in means:
        return means[tasks]
    sizes = sorted(means)
    if len(sizes) == 1 or tasks > sizes[-1]:
        return means[sizes[-1]] * tasks / sizes[-1]
    at = max(1, bisect_left(sizes, tasks))
    below, above = sizes[at - 1], sizes[at]
    slope = (means[above] - means[below]) / (above - below)
    line = means[below] + slope * (tasks - below)
    least = means[sizes[0]] * tasks / sizes[0] if tasks < sizes[0] else 0.0
    return max(line, least)
