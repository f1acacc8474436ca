"""A model host without a process: the loaded model runs where the test does."""

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

from engine.contract import LoadedModel, StepError, Task
from engine.testing.context import MemoryContext


class InProcessPlace:
    """A place on the processor.

    Attributes:
        parts: What models share, by its key.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.parts: dict[str, Any] = {}

    def shared(self, key: str, build: Callable[[], Any]) -> Any:
        if key not in self.parts:
            self.parts[key] = build()
        return self.parts[key]


class QuietDesk:
    """A desk that keeps all reports.

    Attributes:
        told: Task, fraction and message of each word of progress.
        given_up: Tasks that nobody waits for.
    """

    def __init__(self, given_up: frozenset[int] = frozenset()) -> None:
        self.told: list[tuple[int, float | None, str]] = []
        self.given_up = given_up

    def progress(self, task: int, fraction: float | None, message: str = "") -> None:
        self.told.append((task, fraction, message))

    def preview(self, task: int, image: bytes) -> None:
        raise AssertionError("scorers show no images")

    def is_given_up(self, task: int) -> bool:
        return task in self.given_up


class InProcessContext(MemoryContext):
    """The context of a call, with artifacts in memory and models in this process.

    Attributes:
        place: Where models are loaded.
        tasks: Every task that was given to it.
    """

    def __init__(self, place: InProcessPlace | None = None) -> None:
        super().__init__()
        self.place = place or InProcessPlace()
        self.tasks: list[Task] = []
        self._models: dict[Any, LoadedModel] = {}

    def model(self, task: Task) -> LoadedModel:
        """The model that does a task, loaded once."""
        if task.model not in self._models:
            module, _, name = task.model.loader.partition(":")
            loader = getattr(importlib.import_module(module), name)
            self._models[task.model] = loader(task.model.options, self.place)
        return self._models[task.model]

    async def infer(self, task: Task) -> Any:
        self.tasks.append(task)
        answer = self.model(task).run(task.operation, [task.payload], QuietDesk())[0]
        if isinstance(answer, StepError):
            raise answer
        return answer

    async def _compute(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        return await asyncio.to_thread(function, *args)
