"""The lanes of an engine: created as backends need them, changed as operators ask."""

from collections.abc import Iterator
from dataclasses import dataclass

from db.rows import LaneRow
from engine.config.settings import Settings
from engine.contract import Backend
from engine.runtime.lanes.lane import Lane
from engine.text.errors import UserError

OUTPUTS_LANE = "outputs"
"""Lane that is blocked while folders cannot be written; no backend uses it."""

UPLOADS_LANE = "artifacts"
"""Lane of uploads to the object store; there is none if files live in the workspace's folder."""


@dataclass(frozen=True, slots=True)
class LaneChange:
    """Change of a lane by an operator; None keeps a limit.

    Attributes:
        concurrency: Maximum number of calls in flight.
        requests_per_minute: Maximum number of calls per minute, 0 for no limit.
    """

    concurrency: int | None = None
    requests_per_minute: float | None = None

    def over(self, other: "LaneChange | None") -> "LaneChange":
        """Return this change, with unset limits from an earlier one."""
        if other is None:
            return self
        rate = self.requests_per_minute
        return LaneChange(
            other.concurrency if self.concurrency is None else self.concurrency,
            other.requests_per_minute if rate is None else rate,
        )


class UnknownLane(UserError, KeyError):
    """No lane has that name; the message lists the existing ones."""


class LaneSet:
    """The lanes of one engine, by name.

    How wide a lane is, the first backend says that uses it; what an operator has changed holds
    over that for as long as the engine runs.

    Args:
        settings: The workspace's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lanes = {OUTPUTS_LANE: Lane(OUTPUTS_LANE, 1)}
        self._sized = {OUTPUTS_LANE}
        self._changes: dict[str, LaneChange] = {}

    def __iter__(self) -> Iterator[Lane]:
        return iter(list(self._lanes.values()))

    @property
    def outputs(self) -> Lane:
        """Lane that is blocked while folders cannot be written."""
        return self._lanes[OUTPUTS_LANE]

    def uploads(self) -> Lane:
        """Return the lane of uploads to the object store, as wide as the settings say."""
        lane, width = self.named(UPLOADS_LANE), self._settings.artifacts.uploads
        lane.adapt(width, adaptive=True, slow_start=False, tokens_per_minute=None)
        lane.adjust(width, None)
        return lane

    def get(self, name: str) -> Lane | None:
        """Return the lane of a name, None if there is none."""
        return self._lanes.get(name)

    def named(self, name: str) -> Lane:
        """Return the lane of a name, new if need be: jobs may wait for one of an earlier run."""
        if name not in self._lanes:
            retry = self._settings.retry
            self._lanes[name] = Lane(
                name,
                1,
                breaker_failures=retry.breaker_failures,
                breaker_seconds=retry.breaker_seconds,
            )
        return self._lanes[name]

    def of(self, backend: Backend) -> Lane:
        """The lane of a backend, as wide as the backend says."""
        name = backend.info.lane
        lane = self.named(name)
        if name not in self._sized:
            self._sized.add(name)
            self._size(lane, backend)
        return lane

    def _size(self, lane: Lane, backend: Backend) -> None:
        limits = backend.info.limits
        local = limits.concurrency == 0  # our own CPU, which bears what it bears
        concurrency = limits.concurrency or self._settings.engine.cpu_workers
        lane.adapt(
            concurrency,
            adaptive=not local,
            slow_start=not local and backend.info.paid,
            tokens_per_minute=limits.tokens_per_minute,
        )
        lane.adjust(concurrency, limits.requests_per_minute)
        if change := self._changes.get(lane.name):
            _apply(lane, change)

    def change(self, name: str, change: LaneChange) -> list[Lane]:
        """Change the lanes of a name, or of a backend's name, until the engine ends.

        Args:
            name: A lane, `fal:fal-ai/fast-lightning-sdxl`, or a backend, `fal`, for all of its.
            change: The change.

        Raises:
            UnknownLane: There is none.
        """
        lanes = [lane for lane in self if lane.name != OUTPUTS_LANE and _is_meant(lane.name, name)]
        if not lanes:
            names = ", ".join(lane.name for lane in self if lane.name != OUTPUTS_LANE) or "none"
            raise UnknownLane(
                f"There is no lane {name[:100]!r} now; there are: {names}. "
                "A lane is there once a call has gone to it."
            )
        for lane in lanes:
            self._changes[lane.name] = change.over(self._changes.get(lane.name))
            _apply(lane, change)
        return lanes

    def rows(self) -> list[LaneRow]:
        """Return the status of all lanes."""
        return [lane.row() for lane in self]

    def reload(self, settings: Settings) -> None:
        """Take new settings: the next users of lanes size them again, blocked lanes are tried."""
        self._settings = settings
        self._sized = {OUTPUTS_LANE}
        for lane in self:
            if lane.blocked is not None:
                lane.try_again()


def _is_meant(lane: str, name: str) -> bool:
    return lane == name or lane.startswith((f"{name}:", f"{name}@"))


def _apply(lane: Lane, change: LaneChange) -> None:
    rate = lane.requests_per_minute
    if change.requests_per_minute is not None:
        rate = change.requests_per_minute or None
        lane.forget_rate()  # also where it is the same: who says it may know better
    lane.adjust(change.concurrency or lane.concurrency, rate)
