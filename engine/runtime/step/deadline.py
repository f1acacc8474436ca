"""Deadlines of calls, excluding the time that a call waits for a model host."""

import asyncio
import math
from dataclasses import dataclass
from typing import Self

from engine.contract import CallContext


class Deadlines:
    """Deadlines of all calls of an engine, with one timer for the next of them.

    A timer for each call is the dearest part of a short one (`asyncio.timeout`: 4 microseconds).
    """

    def __init__(self) -> None:
        self._watched: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf

    def after(self, seconds: float) -> "Deadline":
        """Cancel the block after some seconds: `with deadlines.after(600):`.

        Raises:
            TimeoutError: It took longer.
        """
        return Deadline(self, seconds)

    def watch(self, deadline: "Deadline") -> None:
        """Watch a deadline; one that has moved must be watched again."""
        self._watched.add(deadline)
        if deadline.at < self._due:
            self._set_timer(deadline.at)

    def forget(self, deadline: "Deadline") -> None:
        """Stop watching a deadline."""
        self._watched.discard(deadline)

    def _set_timer(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        loop = asyncio.get_running_loop()
        self._timer = None if due == math.inf else loop.call_at(due, self._look)

    def _look(self) -> None:
        moment = asyncio.get_running_loop().time()
        for deadline in [watched for watched in self._watched if watched.at <= moment]:
            deadline.give_up()
        self._timer = None
        self._set_timer(min((watched.at for watched in self._watched), default=math.inf))


@dataclass(slots=True, eq=False)
class Deadline:
    """Deadline of a call, as a context.

    What waits for its turn on a device is not late. The clock stands still while something of the
    call waits and nothing of it is being worked at; it starts again whenever a host begins.

    Attributes:
        watch: What watches it.
        seconds: Maximum duration of the call.
        at: When it is given up, on the event loop's clock; infinity while the clock stands still.
        is_over: True if the call was cancelled at it.
    """

    watch: Deadlines
    seconds: float
    at: float = math.inf
    is_over: bool = False
    _task: "asyncio.Task[object] | None" = None
    _cancelling: int = 0
    _hosted: dict[int, bool] | None = None  # whether each task of the call is being worked at

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("A deadline is a task's.")
        self._cancelling = self._task.cancelling()
        self.at = asyncio.get_running_loop().time() + self.seconds
        self.watch.watch(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.watch.forget(self)
        task, self._task = self._task, None
        # As asyncio.timeout does: a stop that came meanwhile is a stop, not a deadline.
        if self.is_over and task is not None:
            alone = task.uncancel() <= self._cancelling
            if alone and kind is asyncio.CancelledError:
                raise TimeoutError

    def give_up(self) -> None:
        """Cancel the call."""
        self.watch.forget(self)
        if self._task is not None:
            self.is_over = True
            self._task.cancel()

    def waits(self, task: int) -> None:
        """A task of the call waits for its turn."""
        self._change(task, False)

    def begins(self, task: int) -> None:
        """A host begins with a task."""
        self._change(task, True)

    def ends(self, task: int) -> None:
        """A task has ended."""
        self._change(task, None)

    def _change(self, task: int, worked_at: bool | None) -> None:
        tasks = self._hosted = self._hosted or {}
        tasks.pop(task, None)
        if worked_at is not None:
            tasks[task] = worked_at
        if self._task is None or self.is_over:  # the call has ended meanwhile
            return
        stands_still = tasks and not any(tasks.values())
        loop = asyncio.get_running_loop()
        self.at = math.inf if stands_still else loop.time() + self.seconds
        self.watch.watch(self)


@dataclass(slots=True, eq=False)
class HostedTask:
    """A task at a model host, seen from the call that it is of.

    Attributes:
        device: Device of the host that has begun with it; empty before.
    """

    context: CallContext
    deadline: Deadline | None
    part: tuple[float, float] = (0.0, 1.0)
    device: str = ""

    def waits(self) -> None:
        """It waits for its turn."""
        if self.deadline:
            self.deadline.waits(id(self))

    def begins(self, device: str) -> None:
        """A host begins with it, on a device."""
        self.device = device
        if self.deadline:
            self.deadline.begins(id(self))

    def ends(self) -> None:
        """It has ended."""
        if self.deadline:
            self.deadline.ends(id(self))

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Says how far the call is."""
        start, end = self.part
        done = None if fraction is None else start + (end - start) * fraction
        self.context.progress(done, message)

    def preview(self, image: bytes) -> None:
        """Shows how its image looks so far."""
        self.context.preview(image)
