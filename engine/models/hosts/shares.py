"""Division of waiting tasks among devices of different speeds, so that all end soonest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

PRECISION = 1e-3
"""Relative precision of the time at which all ends."""


@dataclass(slots=True)
class Worker:
    """A device that may take some of the tasks.

    Args:
        ready: Seconds until it can begin.
        seconds: Estimated seconds of a batch of a number of tasks.
        most: Maximum number of tasks in a batch.
    """

    ready: float
    seconds: Callable[[int], float]
    most: int
    _table: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._table = [0.0]
        for tasks in range(1, self.most + 1):
            self._table.append(max(self._table[-1], self.seconds(tasks), 1e-6))

    def takes(self, tasks: int) -> float:
        """Return the seconds that it needs for some tasks, in full batches and a rest."""
        full, rest = divmod(tasks, self.most)
        return full * self._table[-1] + self._table[rest]

    def by(self, end: float) -> int:
        """Return how many tasks it has done by a time."""
        left = (end - self.ready) * (1 + 1e-9)
        if left <= 0:
            return 0
        full = int(left // self._table[-1])
        left -= full * self._table[-1]
        rest = next(n for n in range(self.most - 1, -1, -1) if self._table[n] <= left)
        return full * self.most + rest


def ends(workers: Sequence[Worker], tasks: int) -> float:
    """Return the earliest time, in seconds from now, at which workers can have done some tasks."""
    low, high = 0.0, min(worker.ready + worker.takes(tasks) for worker in workers)
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        if sum(worker.by(middle) for worker in workers) >= tasks:
            high = middle
        else:
            low = middle
    return high
