"""Free workers of the process pool, here and on other machines, and the calls that wait for one."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

W = TypeVar("W")


class FreeWorkers(Generic[W]):
    """The longest waiting call gets the next free worker that it may use, wherever that is.

    Args:
        here: Number of workers on this machine.
    """

    def __init__(self, here: int) -> None:
        self._here = here
        self._far: list[W] = []
        self._waiting: deque[tuple[asyncio.Future[W | None], bool]] = deque()

    @property
    def is_full(self) -> bool:
        """True if no worker of this machine is free."""
        return self._here <= 0

    async def take(self, *, anywhere: bool = False) -> W | None:
        """Wait for a worker and return it, or None for one of this machine.

        Args:
            anywhere: True if a worker of another machine will do too.
        """
        if self._here > 0:
            self._here -= 1
            return None
        if anywhere and self._far:
            return self._far.pop()
        turn: asyncio.Future[W | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, anywhere))
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove((turn, anywhere))
            else:  # it got its turn in the same moment
                self.give_back(turn.result())
            raise

    def give_back(self, worker: W | None) -> None:
        """Hand a worker to whoever waits for one; None is one of this machine."""
        for number, (turn, anywhere) in enumerate(self._waiting):
            if not turn.done() and (anywhere or worker is None):
                del self._waiting[number]
                turn.set_result(worker)
                return
        if worker is None:
            self._here += 1
        else:
            self._far.append(worker)

    def forget(self, worker: W) -> None:
        """Drop a free worker that is no more."""
        if worker in self._far:
            self._far.remove(worker)
