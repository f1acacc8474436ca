"""The time that a call may take, without the time that it waits for a model host."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from engine.capabilities import CallContext


@dataclass(slots=True)
class Deadline:
    """When a call is given up.

    What waits for its turn on a device is not late. The clock stands still while something of the
    call waits and nothing of it is being worked at; it begins anew whenever a host begins.

    Attributes:
        timer: What gives the call up.
        seconds: How long it may take.
    """

    timer: asyncio.Timeout
    seconds: float
    _waiting: set[int] = field(default_factory=set)
    _running: set[int] = field(default_factory=set)

    def waits(self, task: int) -> None:
        """A task of the call waits for its turn."""
        self._running.discard(task)
        self._waiting.add(task)
        self._set()

    def begins(self, task: int) -> None:
        """A host begins with a task."""
        self._waiting.discard(task)
        self._running.add(task)
        self._set()

    def ends(self, task: int) -> None:
        """A task has ended."""
        self._waiting.discard(task)
        self._running.discard(task)
        self._set()

    def _set(self) -> None:
        stands_still = self._waiting and not self._running
        at = None if stands_still else asyncio.get_running_loop().time() + self.seconds
        with contextlib.suppress(RuntimeError):  # the call has ended meanwhile
            self.timer.reschedule(at)


@dataclass(frozen=True, slots=True, eq=False)
class HostedTask:
    """A task at a model host, seen from the call that it is of."""

    context: CallContext
    deadline: Deadline | None

    def waits(self) -> None:
        """It waits for its turn."""
        if self.deadline:
            self.deadline.waits(id(self))

    def begins(self) -> None:
        """A host begins with it."""
        if self.deadline:
            self.deadline.begins(id(self))

    def ends(self) -> None:
        """It has ended."""
        if self.deadline:
            self.deadline.ends(id(self))

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Says how far the call is."""
        self.context.progress(fraction, message)

    def preview(self, picture: bytes) -> None:
        """Shows how its picture looks so far."""
        self.context.preview(picture)
