"""Engines whose computations run in the test's own process, for tests of something else.

A worker process takes longer to start than most of these tests' work. What is sent to it and comes
back is pickled here too, so that only plain data passes.
"""

import asyncio
import pickle
from collections.abc import Callable
from typing import Any

import pytest


class ThreadPool:
    """Does what `ComputePool` does, in a thread."""

    def __init__(self, workers: int, _far: Any = None) -> None:
        self._slots = asyncio.Semaphore(workers)

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        async with self._slots:
            sent = pickle.dumps((function, args))
            return pickle.loads(await asyncio.to_thread(_work, sent))

    async def run_anywhere(self, _call: Any, function: Callable[..., Any], *args: Any) -> Any:
        return await self.run(function, *args)

    @property
    def is_full(self) -> bool:
        return self._slots.locked()

    def close(self) -> None:
        pass


def _work(sent: bytes) -> bytes:
    function, args = pickle.loads(sent)
    return pickle.dumps(function(*args))


def compute_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes engines of this process compute in it."""
    monkeypatch.setattr("engine.runtime.session.ComputePool", ThreadPool)
