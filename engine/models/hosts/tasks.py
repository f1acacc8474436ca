"""Tasks that wait for a host, in the order in which they came."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.contract.model_host import ModelKey, Task

BatchKey = tuple[ModelKey, str, str]
"""Model, operation and group: tasks that have these in common may be done together."""


class TaskListener(Protocol):
    """Who waits for a task, and is told of it meanwhile."""

    def waits(self) -> None:
        """It is nobody's turn: time that passes now is not the task's."""
        ...

    def begins(self) -> None:
        """A host works at it, or loads its model for it."""
        ...

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Says how far it is."""
        ...

    def preview(self, image: bytes) -> None:
        """Shows how its image looks so far."""
        ...


@dataclass(slots=True, eq=False)
class PendingTask:
    """A task, from when it is asked for until it has an answer.

    Attributes:
        task: What is asked for.
        payload: What it is given, pickled.
        answer: Where its answer goes.
        listener: Who waits for it.
        since: When it came, by the monotonic clock.
        alone: Whether it is done in a batch of its own: one that it was in took its host along.
    """

    task: Task
    payload: bytes
    answer: "asyncio.Future[Any]"
    listener: TaskListener
    since: float = field(default_factory=time.monotonic)
    alone: bool = False

    @property
    def key(self) -> BatchKey:
        """What it has in common with those that it may be done with."""
        return self.task.model, self.task.operation, self.task.group


class Backlog:
    """Everything that waits."""

    def __init__(self) -> None:
        self._queues: dict[BatchKey, deque[PendingTask]] = {}

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def add(self, waiting: PendingTask) -> None:
        """Adds a task behind the others of its kind."""
        self._queues.setdefault(waiting.key, deque()).append(waiting)

    def put_back(self, tasks: list[PendingTask]) -> None:
        """Puts tasks before the others of their kind."""
        for waiting in reversed(tasks):
            self._queues.setdefault(waiting.key, deque()).appendleft(waiting)

    def remove(self, waiting: PendingTask) -> bool:
        """Takes a task out; whether it was there."""
        queue = self._queues.get(waiting.key)
        if queue is None or waiting not in queue:
            return False
        queue.remove(waiting)
        self._drop_if_empty(waiting.key)
        return True

    def take(self, key: BatchKey, most: int) -> list[PendingTask]:
        """Takes the oldest tasks of a kind that may be done together."""
        queue = self._queues[key]
        taken = [queue.popleft()]
        while queue and len(taken) < most and not (taken[0].alone or queue[0].alone):
            taken.append(queue.popleft())
        self._drop_if_empty(key)
        return taken

    def take_model(self, model: ModelKey) -> list[PendingTask]:
        """Takes everything that waits for a model."""
        keys = [key for key in self._queues if key[0] == model]
        return [waiting for key in keys for waiting in self._queues.pop(key)]

    def kinds(self) -> "list[tuple[BatchKey, deque[PendingTask]]]":
        """Every kind that something waits of, the longest waiting first."""
        return sorted(self._queues.items(), key=lambda item: item[1][0].since)

    def all(self) -> Iterator[PendingTask]:
        """Every task that waits."""
        for queue in self._queues.values():
            yield from queue

    def _drop_if_empty(self, key: BatchKey) -> None:
        if not self._queues[key]:
            del self._queues[key]
