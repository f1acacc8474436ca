"""One batch in a host: done at once if it fits, else in parts (low memory, a bad task)."""

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from engine.contract.errors import StepError
from engine.models.hosts import codec, messages
from engine.models.hosts.memory import is_device_gone, is_out_of_memory
from engine.models.hosts.model_cache import ModelCache
from engine.models.hosts.out_of_memory import no_room_to_run
from engine.text.plural import pluralize

PROGRESS_SECONDS = 0.1
PREVIEW_SECONDS = 0.2

Tell = Callable[[messages.HostReport], None]


class DeviceGone(Exception):
    """The device can no longer be used by this process."""


class AbandonedTasks:
    """Cancelled tasks of batches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: set[tuple[int, int]] = set()

    def add(self, number: int, task: int) -> None:
        """Note that a task was cancelled."""
        with self._lock:
            self._tasks.add((number, task))

    def has(self, number: int, task: int) -> bool:
        """Return whether a task was cancelled."""
        return (number, task) in self._tasks

    def forget(self, number: int) -> None:
        """Forget the cancelled tasks of a batch and of those before it."""
        with self._lock:
            self._tasks = {known for known in self._tasks if known[0] > number}


class _TaskReporter:
    """Reporter for a model of its tasks, by their positions in the call."""

    def __init__(
        self, number: int, tasks: Sequence[int], given_up: AbandonedTasks, tell: Tell
    ) -> None:
        self._number = number
        self._tasks = tasks
        self._given_up = given_up
        self._tell = tell
        self._due: dict[tuple[str, int], float] = {}

    def progress(self, task: int, fraction: float | None, message: str = "") -> None:
        """Report the progress of a task; a report too soon after the previous one is dropped."""
        if self._is_due("progress", task, PROGRESS_SECONDS):
            known = None if fraction is None else float(fraction)
            report = messages.TaskProgress(
                self._number, self._tasks[task], known, str(message)[: messages.MAX_WORDS]
            )
            self._tell(report)

    def preview(self, task: int, image: bytes) -> None:
        """Report a preview of a task's image."""
        if len(image) <= messages.MAX_PREVIEW and self._is_due("preview", task, PREVIEW_SECONDS):
            self._tell(messages.TaskPreview(self._number, self._tasks[task], bytes(image)))

    def is_given_up(self, task: int) -> bool:
        """Return whether a task was cancelled and can be abandoned."""
        return self._given_up.has(self._number, self._tasks[task])

    def _is_due(self, what: str, task: int, every: float) -> bool:
        now = time.monotonic()
        if now < self._due.get((what, task), 0.0):
            return False
        self._due[what, task] = now + every
        return True


class HostBatch:
    """A batch in progress.

    Args:
        run: The batch.
        cache: The loaded models.
        given_up: Cancelled tasks.
        tell: Sends a report to the engine.
    """

    def __init__(
        self, run: messages.RunBatch, cache: ModelCache, given_up: AbandonedTasks, tell: Tell
    ) -> None:
        self._run = run
        self._cache = cache
        self._given_up = given_up
        self._tell = tell
        self._payloads: dict[int, Any] = {}
        self._answers: dict[int, messages.TaskReply] = {}
        self._fitted = 0

    def do(self) -> messages.BatchDone:
        """Run it; every task has an answer afterwards.

        Raises:
            DeviceGone: The device failed in a way that needs a new process.
        """
        started = time.monotonic()
        for task, data in enumerate(self._run.payloads):
            try:
                self._payloads[task] = codec.unpack(data)
            except codec.NotPlainData as error:
                self._answers[task] = defect(error)
        self._attempt(list(self._payloads))
        answers = tuple(self._answers[task] for task in range(len(self._run.payloads)))
        seconds = time.monotonic() - started
        return messages.BatchDone(self._run.number, answers, seconds, self._fitted)

    def _attempt(self, tasks: list[int]) -> None:
        """Do some of the tasks: at once, then in halves, then with more memory free."""
        while tasks := self._still_wanted(tasks):
            error = self._try(tasks)
            if error is None:
                return
            lacks_memory = is_out_of_memory(error)
            if not lacks_memory and is_device_gone(error):
                raise DeviceGone(str(error)) from error
            problem = defect(error)
            del error  # its traceback holds what filled the memory
            self._cache.memory.release()
            if len(tasks) > 1:
                self._halve(tasks, lacks_memory=lacks_memory)
                return
            if not lacks_memory:
                self._answers[tasks[0]] = problem
                return
            if not self._find_room():
                self._answers[tasks[0]] = messages.TaskRefused(codec.pack_error(self._no_room()))
                return

    def _still_wanted(self, tasks: list[int]) -> list[int]:
        for task in tasks:
            if self._given_up.has(self._run.number, task):
                self._answers[task] = messages.TaskAbandoned()
        return [task for task in tasks if task not in self._answers]

    def _try(self, tasks: list[int]) -> Exception | None:
        """Run the model on tasks; return an exception other than a `StepError` that it raised."""
        reporter = _TaskReporter(self._run.number, tasks, self._given_up, self._tell)
        try:
            held = self._cache.obtain(self._run.key, self._run.expected)
            payloads = [self._payloads[task] for task in tasks]
            answers = held.model.run(self._run.operation, payloads, reporter)
            if len(answers) != len(tasks):
                counted = pluralize(len(answers), "answer")
                raise ValueError(f"{counted} to {pluralize(len(tasks), 'task')}")
        except StepError as error:
            refused = messages.TaskRefused(codec.pack_error(error))
            self._answers |= dict.fromkeys(tasks, refused)
        except Exception as error:  # noqa: BLE001 - looked at by whoever asked
            return error
        else:
            self._keep(tasks, answers)
        return None

    def _keep(self, tasks: list[int], answers: Sequence[Any]) -> None:
        for task, answer in zip(tasks, answers, strict=True):
            if self._given_up.has(self._run.number, task):
                self._answers[task] = messages.TaskAbandoned()
            elif isinstance(answer, StepError):
                self._answers[task] = messages.TaskRefused(codec.pack_error(answer))
            else:
                self._answers[task] = _packed(answer)

    def _halve(self, tasks: list[int], *, lacks_memory: bool) -> None:
        half = (len(tasks) + 1) // 2
        if lacks_memory:
            self._fitted = min(self._fitted or half, half)
        self._attempt(tasks[:half])
        self._attempt(tasks[half:])

    def _find_room(self) -> bool:
        """Offload the model, then unload all others; return whether anything was left to free."""
        key = self._run.key
        return self._cache.offload(key) or self._cache.release_others(key)

    def _no_room(self) -> StepError:
        name, cache = self._run.key.name, self._cache
        return no_room_to_run(name, self._run.operation, cache.shown, cache.memory)


def _packed(answer: Any) -> messages.TaskReply:
    try:
        return messages.TaskSuccess(codec.pack(answer))
    except codec.NotPlainData as error:
        return defect(error)


def defect(error: BaseException) -> messages.TaskBug:
    """Return a bug with its traceback, which is for the log only."""
    text = "".join(traceback.format_exception(error))
    name = type(error).__name__[: messages.MAX_WORDS]
    return messages.TaskBug(name, str(error)[:2000], text[-messages.MAX_TEXT :])
