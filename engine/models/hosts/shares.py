"""Division of waiting tasks among devices of different speeds, so that all end soonest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

PRECISION = 1e-3
"""Relative precision of the time at which all ends."""
MANY = 16
"""Workers from which numpy counts faster than a loop."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A device that may take some of the tasks.

    Attributes:
        ready: Seconds until it can begin.
        table: Estimated seconds of a batch by its number of tasks, from 0 to the most, which never
            fall and are more than 0 from one task on.
    """

    ready: float
    table: Sequence[float]

    def takes(self, tasks: int) -> float:
        """Return the seconds that it needs for some tasks, in full batches and a rest."""
        full, rest = divmod(tasks, len(self.table) - 1)
        return full * self.table[-1] + self.table[rest]

    def by(self, end: float) -> int:
        """Return how many tasks it has done by a time."""
        left = (end - self.ready) * (1 + 1e-9)
        if left <= 0:
            return 0
        most = len(self.table) - 1
        full = int(left // self.table[-1])
        left -= full * self.table[-1]
        rest = next(n for n in range(most - 1, -1, -1) if self.table[n] <= left or n == 0)
        return full * most + rest


def ends(workers: Sequence[Worker], tasks: int) -> float:
    """Return the earliest time, in seconds from now, at which workers can have done some tasks.

    Args:
        workers: The workers, all with tables of the same length.
        tasks: Number of tasks.
    """
    done_by = _counter(workers)
    low, high = 0.0, min(worker.ready + worker.takes(tasks) for worker in workers)
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        if done_by(middle) >= tasks:
            high = middle
        else:
            low = middle
    return high


def _counter(workers: Sequence[Worker]) -> Callable[[float], int]:
    """Return a function that counts the tasks that workers have done by a time, as `by` does."""
    if len(workers) < MANY:
        return lambda end: sum(worker.by(end) for worker in workers)
    ready = np.array([worker.ready for worker in workers])
    tables = np.array([worker.table for worker in workers])
    most, parts, whole = tables.shape[1] - 1, tables[:, :-1], tables[:, -1]

    def done_by(end: float) -> int:
        left = np.maximum((end - ready) * (1 + 1e-9), 0.0)
        full = np.floor_divide(left, whole)
        rest = (parts <= (left - full * whole)[:, None]).sum(axis=1) - 1
        counted: int = (full.astype(int) * most + np.maximum(rest, 0)).sum().item()
        return counted

    return done_by
