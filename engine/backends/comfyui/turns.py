"""Turns of prompts at a server: any number at once, or one that has to be alone.

Where a server vanishes under several prompts, nobody can say which of them ended it. Each is then
sent alone, so that the one that ends it again is known.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary


@dataclass(slots=True, eq=False)
class Stay:
    """A prompt's time at its server.

    Attributes:
        alone: Whether no other may be there.
        company: Whether another one of ours has been there meanwhile.
    """

    alone: bool
    company: bool = False


class Turns:
    """The prompts of this process at one server."""

    def __init__(self) -> None:
        self._inside: set[Stay] = set()
        self._waiting = 0
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def enter(self, *, alone: bool) -> AsyncIterator[Stay]:
        """A place at the server; one that has to be alone comes before those that need not be."""
        await self._wait_for_room(alone=alone)
        stay = Stay(alone, company=bool(self._inside))
        for other in self._inside:
            other.company = True
        self._inside.add(stay)
        try:
            yield stay
        finally:
            self._inside.discard(stay)
            self._changed.set()

    async def _wait_for_room(self, *, alone: bool) -> None:
        self._waiting += alone
        try:
            while not self._has_room(alone=alone):
                self._changed.clear()
                await self._changed.wait()
        finally:
            self._waiting -= alone
            self._changed.set()

    def _has_room(self, *, alone: bool) -> bool:
        if alone:
            return not self._inside
        return not self._waiting and not any(stay.alone for stay in self._inside)


_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Turns]] = WeakKeyDictionary()


def turns_at(base_url: str) -> Turns:
    """The turns of this event loop at the server of an address."""
    return _TURNS.setdefault(asyncio.get_running_loop(), {}).setdefault(base_url, Turns())
