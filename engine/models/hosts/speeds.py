"""Speed of each device at each kind of work, learnt from the batches that it has done."""

from bisect import bisect_left
from collections import OrderedDict

from engine.contract.model_host import ModelKey
from engine.models.hosts.tasks import BatchKey

WEIGHT = 0.4
"""Weight of the newest batch in the mean of those of its size."""
KINDS = 1000
"""Kinds of work remembered per device; the least recently done are forgotten."""


class Speeds:
    """Seconds of batches by device, kind of work and number of tasks, as exponential means.

    A batch of eight does not take eight times as long as one task on a GPU, so each size has a mean
    of its own; sizes that were never done are estimated from their neighbours.
    """

    def __init__(self) -> None:
        self._means: OrderedDict[tuple[str, BatchKey], dict[int, float]] = OrderedDict()
        self._tasks: dict[tuple[str, ModelKey], float] = {}

    def learn(self, device: str, key: BatchKey, tasks: int, seconds: float) -> None:
        """Note a batch that a device has done."""
        means = self._means.setdefault((device, key), {})
        self._means.move_to_end((device, key))
        means[tasks] = _mean(means.get(tasks), seconds)
        each = device, key[0]
        self._tasks[each] = _mean(self._tasks.get(each), seconds / tasks)
        while len(self._means) > KINDS:
            self._means.popitem(last=False)

    def knows(self, device: str, key: BatchKey) -> bool:
        """Return whether a device has done work of a kind, or any other of its model."""
        return (device, key) in self._means or (device, key[0]) in self._tasks

    def seconds(self, device: str, key: BatchKey, tasks: int) -> float | None:
        """Return the estimated seconds of a batch; None if its model never worked there."""
        means = self._means.get((device, key))
        if means:
            return _estimate(means, tasks)
        each = self._tasks.get((device, key[0]))
        return None if each is None else each * tasks

    def fastest(self, key: BatchKey, tasks: int) -> float | None:
        """Return the estimated seconds of a batch on the fastest device; None if none is known."""
        devices = {device for device, model in self._tasks if model == key[0]}
        known = (self.seconds(device, key, tasks) for device in devices)
        return min((seconds for seconds in known if seconds is not None), default=None)

    def per_task(self, device: str, model: ModelKey) -> float | None:
        """Return the mean seconds per task of a model on a device, for display."""
        return self._tasks.get((device, model))


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
