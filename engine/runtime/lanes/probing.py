"""Probing of blocked lanes: one job tries whether a lane works again, then all continue."""

from collections.abc import Iterable

from db.writer import StoreWriter
from db.writes import jobs as writes
from engine.runtime.lanes.lane_set import LaneSet

_OF_MACHINES = ("backend", "weights")
"""Reasons for which a lane may be blocked by what a machine lacks."""


class LaneProber:
    """Let the parked jobs of blocked lanes try again.

    Args:
        lanes: The engine's lanes.
        writer: The store's writer door.
    """

    def __init__(self, lanes: LaneSet, writer: StoreWriter) -> None:
        self._lanes = lanes
        self._writer = writer

    async def start(self, names: Iterable[str]) -> None:
        """Try lanes that an earlier engine left with parked jobs."""
        for name in names:
            self._lanes.named(name).try_again()
            await self._try(name)

    async def probe(self, news_of_machines: bool = False) -> None:
        """Try the lanes that are due, and release the jobs of those that work again.

        Args:
            news_of_machines: True if a machine for models has answered, or has something new:
                lanes that may wait for that are due.
        """
        for lane in self._lanes:
            if news_of_machines and lane.blocked and lane.blocked.reason in _OF_MACHINES:
                lane.try_soon()
            if lane.probe():
                await self._try(lane.name)
            elif lane.proved:
                lane.unblock()
                await self._release(lane.name)

    async def _try(self, name: str) -> None:
        await self._writer.write(lambda c: writes.probe_lane(c, name))

    async def _release(self, name: str) -> None:
        while await self._writer.write(lambda c: writes.release_parked(c, name)):
            pass
