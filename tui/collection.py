"""Garbage collection of the dashboard's process, at times when nobody waits for an answer.

A full collection looks at every object that is not exempt, which takes up to 100 ms; Python starts
one in the middle of anything.
"""

import gc

from engine.config.process.freed_memory import FreedMemory

NEVER = 1_000_000
"""Threshold at which Python itself would start a full collection."""

DUE = 3
"""Collections of younger objects after which a full one is due."""

OVERDUE = 15
"""Collections of younger objects after which a full one waits no longer."""

QUIET_SECONDS = 0.5
"""Seconds without a key after which a full collection disturbs nobody."""

GROWTH = 4 * 1024 * 1024
"""Bytes that the process has to grow by before freed memory is given back once more."""


class Collection:
    """Full collections between keys, and freed memory given back after them.

    Nothing is done if the program has left collection to Python.
    """

    def __init__(self) -> None:
        self._is_ours = False
        self._freed = FreedMemory(GROWTH)

    def begin(self) -> None:
        """Exempt what is loaded by now, if collection was disabled for the start, and enable it."""
        if gc.isenabled():
            return
        self._is_ours = True
        gc.freeze()
        gc.set_threshold(10_000, 20, NEVER)
        gc.enable()

    def settle(self) -> None:
        """Exempt what was loaded since, once."""
        if self._is_ours:
            gc.collect()
            gc.freeze()

    def tick(self, since_key: float) -> None:
        """Collect if that is due and no key was pressed just now.

        Args:
            since_key: Seconds since the last key.
        """
        waiting = gc.get_count()[2]
        quiet = waiting >= DUE and since_key >= QUIET_SECONDS
        if self._is_ours and (quiet or waiting >= OVERDUE):
            gc.collect()
            self._freed.give_back()
