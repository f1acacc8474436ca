"""Tasks that run once per batch, for example its first steps."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

log = logging.getLogger(__name__)


class BatchTasks:
    """One kind of task, of which each batch has at most one at a time.

    Args:
        verb: Name of the tasks, with the batch: `finish b3`.
        run: Returns the work of a batch.
        on_end: Called with a batch's number when its task has ended, in whatever way.
    """

    def __init__(
        self,
        verb: str,
        run: Callable[[int], Coroutine[Any, Any, None]],
        on_end: Callable[[int], None],
    ) -> None:
        self._verb = verb
        self._run = run
        self._on_end = on_end
        self._tasks: dict[int, asyncio.Task[None]] = {}

    @property
    def running(self) -> "list[asyncio.Task[None]]":
        """Tasks in progress."""
        return list(self._tasks.values())

    def begin(self, batch_ids: Iterable[int]) -> None:
        """Start the task of each batch that has none in progress."""
        for batch_id in batch_ids:
            if batch_id in self._tasks:
                continue
            name = f"{self._verb} b{batch_id}"
            task = asyncio.create_task(self._run(batch_id), name=name)
            self._tasks[batch_id] = task
            task.add_done_callback(partial(self._ended, batch_id))

    def _ended(self, batch_id: int, task: "asyncio.Task[None]") -> None:
        del self._tasks[batch_id]
        self._on_end(batch_id)
        if not task.cancelled() and task.exception():
            log.error("%s failed", task.get_name(), exc_info=task.exception())
