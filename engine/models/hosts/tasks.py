"""Tasks that wait for a host, in order of arrival."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.contract.model_host import ModelKey, Task

BatchKey = tuple[ModelKey, str, str]
"""Model, operation and group: tasks that have these in common may be done together."""


def moment() -> float:
    """Return the time by the monotonic clock."""
    return time.monotonic()


class TaskListener(Protocol):
    """Receiver of a task's progress."""

    def waits(self) -> None:
        """Note that the task waits: time that passes now does not count as the task's."""
        ...

    def begins(self, device: str) -> None:
        """Note that a host works on it, on a device."""
        ...

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Report its progress."""
        ...

    def preview(self, image: bytes) -> None:
        """Report a preview of its image."""
        ...


@dataclass(slots=True, eq=False)
class PendingTask:
    """A task, from its submission until it has an answer.

    Attributes:
        task: The request.
        payload: Its input, packed.
        answer: Future of its answer.
        listener: Receiver of its progress.
        since: Time of its arrival, by the monotonic clock.
        alone: True if it has to be the only one in its batch: an earlier batch killed its host.
        losses: Number of hosts that were lost while they worked on it.
    """

    task: Task
    payload: bytes
    answer: "asyncio.Future[Any]"
    listener: TaskListener
    since: float = field(default_factory=moment)
    alone: bool = False
    losses: int = 0

    @property
    def key(self) -> BatchKey:
        """Key shared by the tasks that it may be batched with."""
        return self.task.model, self.task.operation, self.task.group


class Backlog:
    """All waiting tasks."""

    def __init__(self) -> None:
        self._queues: dict[BatchKey, deque[PendingTask]] = {}

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def add(self, waiting: PendingTask) -> None:
        """Add a task behind the others of its kind."""
        self._queues.setdefault(waiting.key, deque()).append(waiting)

    def put_back(self, tasks: list[PendingTask]) -> None:
        """Put tasks before the others of their kind."""
        for waiting in reversed(tasks):
            self._queues.setdefault(waiting.key, deque()).appendleft(waiting)

    def remove(self, waiting: PendingTask) -> bool:
        """Remove a task; return whether it was there."""
        queue = self._queues.get(waiting.key)
        if queue is None or waiting not in queue:
            return False
        queue.remove(waiting)
        self._drop_if_empty(waiting.key)
        return True

    def take(self, key: BatchKey, most: int) -> list[PendingTask]:
        """Remove and return the oldest tasks of a kind that may be done together."""
        queue = self._queues[key]
        taken = [queue.popleft()]
        while queue and len(taken) < most and not (taken[0].alone or queue[0].alone):
            taken.append(queue.popleft())
        self._drop_if_empty(key)
        return taken

    def take_model(self, model: ModelKey) -> list[PendingTask]:
        """Remove and return all tasks that wait for a model."""
        keys = [key for key in self._queues if key[0] == model]
        return [waiting for key in keys for waiting in self._queues.pop(key)]

    def has(self, key: BatchKey) -> bool:
        """Return whether tasks of a kind wait."""
        return key in self._queues

    def kinds(self) -> "list[tuple[BatchKey, deque[PendingTask]]]":
        """Return every kind with waiting tasks, the longest waiting first."""
        return sorted(self._queues.items(), key=lambda item: item[1][0].since)

    def all(self) -> Iterator[PendingTask]:
        """Return every waiting task."""
        for queue in self._queues.values():
            yield from queue

    def _drop_if_empty(self, key: BatchKey) -> None:
        if not self._queues[key]:
            del self._queues[key]
