"""Garbage collection of the dashboard's process, at times when nobody waits for an answer.

A full collection looks at every object that is not exempt, which takes up to 100 ms; Python starts
one in the middle of anything.
"""

import gc
import sys

from engine.config.process.freed_memory import FreedMemory, resident

NEVER = 1_000_000
"""Threshold at which Python itself would start a full collection."""

BLOCKS = 20_000
"""Blocks of memory, some 2 MB, by which Python has grown once a full collection is due."""

GROWTH = 4 * 1024 * 1024
"""Bytes by which the process has grown once one is due: large texts and images are no blocks."""

OVERDUE = 2
"""Times this growth after which a full collection waits no longer."""

QUIET_SECONDS = 0.2
"""Seconds without a key after which a full collection disturbs nobody."""


class Collection:
    """Full collections between keys, and freed memory given back after them.

    Nothing is done if the program has left collection to Python.
    """

    def __init__(self) -> None:
        self._is_ours = False
        self._freed = FreedMemory(GROWTH)
        self._blocks = self._bytes = 0

    def begin(self) -> None:
        """Exempt what is loaded by now, if collection was disabled for the start, and enable it."""
        if gc.isenabled():
            return
        self._is_ours = True
        gc.freeze()
        gc.set_threshold(10_000, 20, NEVER)
        gc.enable()
        self._measure()

    def settle(self) -> None:
        """Exempt what was loaded since, once."""
        if self._is_ours:
            gc.collect()
            gc.freeze()
            self._measure()

    def tick(self, since_key: float) -> None:
        """Collect if that is due and no key was pressed just now.

        Args:
            since_key: Seconds since the last key.
        """
        if not self._is_ours:
            return
        grown = self._grown()
        if grown >= OVERDUE or (grown >= 1 and since_key >= QUIET_SECONDS):
            gc.collect()
            self._freed.give_back()
            self._measure()

    def _measure(self) -> None:
        self._blocks, self._bytes = sys.getallocatedblocks(), resident()

    def _grown(self) -> float:
        """Return the growth since the last full collection; one is due from 1 on."""
        blocks = sys.getallocatedblocks()
        self._blocks = min(self._blocks, blocks)
        return max((blocks - self._blocks) / BLOCKS, (resident() - self._bytes) / GROWTH)
