"""One call of a function by a worker on another machine."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from engine.contract import Artifact, OpenFile
from engine.contract.travelling import checked_result, name_of
from engine.models.hosts import codec
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.far_workers import FarWorker

T = TypeVar("T")

MAX_BYTES = 512 << 20
"""Bytes of artifacts with which a call travels; one with more stays."""


class CannotTravel(Exception):
    """A call has to be done on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class FarCall(Generic[T]):
    """A call of a function that travels.

    Attributes:
        function: The function.
        args: Its arguments: plain data, and artifacts.
        artifacts: Where their contents are.
    """

    function: Callable[..., T]
    args: tuple[Any, ...]
    artifacts: ArtifactStore

    async def run(self, worker: FarWorker) -> T:
        """Return the function's result.

        Raises:
            Lost: The worker is lost.
            CannotTravel: An argument is too large, or is not plain data.
            ValueError: The function's complaint about its arguments.
            Retryable: The worker's process has died.
            RuntimeError: The function raised anything else, or the result is not one of it.
        """
        name = name_of(self.function)
        args = await asyncio.to_thread(self._contents)
        try:
            worked, value = await worker.call(name, args)
        except codec.NotPlainData as error:
            raise CannotTravel(f"{name}: {error}") from error
        except asyncio.CancelledError:
            worker.close()  # nothing else stops a function that hangs
            raise
        if not worked:
            raise ValueError(value)
        try:
            return cast("T", checked_result(self.function, value))
        except ValueError as error:
            raise RuntimeError(f"{name}: {worker.name} answered: {error}") from error

    def _contents(self) -> list[tuple[str, Any]]:
        """Return the arguments with the contents of artifacts, checked against their hashes."""
        size = sum(_artifact(one).size for one in self.args if isinstance(one, Artifact | OpenFile))
        if size > MAX_BYTES:
            raise CannotTravel(f"its files have {size >> 20} MiB, more than {MAX_BYTES >> 20}")
        return [
            ("file" if isinstance(one, OpenFile) else "value", self._content(one))
            for one in self.args
        ]

    def _content(self, one: Any) -> Any:
        if isinstance(one, Artifact | OpenFile):
            return self.artifacts.read(_artifact(one).hash)
        return one


def _artifact(one: Artifact | OpenFile) -> Artifact:
    return one.artifact if isinstance(one, OpenFile) else one
