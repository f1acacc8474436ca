"""Cache of recently drawn images, bounded in memory."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class LruCache(Generic[V]):
    """Values by key, the least recently used dropped first. For one thread.

    Args:
        limit: Maximum weight of all values together.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self.weight = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> V | None:
        """Return the value of a key, now the most recently used; None if there is none."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: V, weight: int) -> None:
        """Store a value, unless it alone is over the limit."""
        self.drop(key)
        if weight > self._limit:
            return
        self._values[key] = (value, weight)
        self.weight += weight
        while self.weight > self._limit:
            _, (_, oldest) = self._values.popitem(last=False)
            self.weight -= oldest

    def drop(self, key: Hashable) -> None:
        """Remove a key."""
        found = self._values.pop(key, None)
        if found is not None:
            self.weight -= found[1]

    def clear(self) -> None:
        """Remove everything."""
        self._values.clear()
        self.weight = 0
