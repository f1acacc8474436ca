"""Number of tasks that fit on a device, learnt from batches that did not fit."""

from dataclasses import dataclass

from engine.models.hosts.tasks import BatchKey

STEADY = 16
"""Batches at a limit that have to fit before one task more is tried; doubled by each failure."""


@dataclass(slots=True)
class _Limit:
    tasks: int
    steady: int = STEADY
    fitted: int = 0


class BatchLimits:
    """Limits learnt while the engine runs."""

    def __init__(self) -> None:
        self._limits: dict[BatchKey, _Limit] = {}

    def most(self, key: BatchKey, most: int) -> int:
        """Return how many tasks of a kind to do at once.

        Args:
            key: The kind.
            most: Maximum that the model accepts.
        """
        limit = self._limits.get(key)
        return most if limit is None else min(most, limit.tasks)

    def failed(self, key: BatchKey, fitted: int) -> None:
        """Note that a batch did not fit, and how many tasks did or may."""
        before = self._limits.get(key)
        steady = STEADY if before is None else 2 * before.steady
        self._limits[key] = _Limit(max(1, fitted), steady)

    def worked(self, key: BatchKey, tasks: int) -> None:
        """Note that a batch of a size fitted; after many at the limit, raise it by one."""
        limit = self._limits.get(key)
        if limit is None or tasks < limit.tasks:
            return
        limit.fitted += 1
        if limit.fitted >= limit.steady:
            limit.tasks, limit.fitted = limit.tasks + 1, 0
