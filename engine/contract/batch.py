"""Steps of a whole batch: before its first job and after its last.

They are steps like those of jobs: stored, never repeated, and resumed where they were. Their keys
begin with `before/` and `after/`.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from engine.contract.job import Operations, Scope

ResultT = TypeVar("ResultT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A job as the steps of its batch see it.

    Attributes:
        key: Its id within the batch.
        state: `queued` or another state before it has ended, then `done`, `failed` or `cancelled`.
        input: The entry, as the recipe's input model.
        result: What the recipe returned, as plain data; None if it is not done.
        score: Its headline, None if it has none.
    """

    key: str
    state: str
    input: Any
    result: Any
    score: float | None


class BatchContext(Scope, Operations, Protocol):
    """A batch as its own steps see it.

    A gate parks the whole batch. Its key has the scope, `before/` or `after/`, and the recipe
    declares it with that: `Approval("before/plan", Plan)`. `Approval.check` is about a job and is
    not called for it.
    """

    @property
    def name(self) -> str:
        """The batch's name."""
        ...

    @property
    def source(self) -> str:
        """Path of the input as it was given, or `-`."""
        ...

    @property
    def settings(self) -> Any:
        """The recipe's settings, as they were when the batch was queued."""
        ...

    @property
    def seed(self) -> int:
        """Source of the batch's randomness."""
        ...

    @property
    def prepared(self) -> Any:
        """The result of `Recipe.before`; None if there is none, and in `before` itself."""
        ...

    def jobs(self) -> Iterator[BatchJob]:
        """Yield the batch's jobs in the order of the input, reading a page at a time."""
        ...


@dataclass(frozen=True, slots=True)
class BatchStep(Generic[ResultT]):
    """A step that a recipe runs once for a whole batch.

    Attributes:
        run: Does it, by steps.
        result: Model of what it returns; it is stored with the batch.
    """

    run: Callable[[BatchContext], Awaitable[ResultT]]
    result: type[ResultT]
