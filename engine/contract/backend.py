"""The contract between a recipe, the runtime and a backend.

A *request* is plain data plus handles of artifacts; a *result* is plain data plus handles of
artifacts. Neither holds an open file, a path of one machine or a bound object, so the same call
can run in this process, in a process pool, in a model host or on another machine.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import (
    Any,
    BinaryIO,
    Generic,
    Protocol,
    TypeVar,
    runtime_checkable,
)

from pydantic import BaseModel

from engine.contract.data import (
    Artifact,
    Critique,
    Facts,
    FrozenModel,
    Material,
    MissingRequirement,
    OpenFile,
    PromptedRequest,
    PromptVersion,
    Request,
    Result,
    Score,
)
from engine.contract.info import BackendInfo, Limits
from engine.contract.model_host import Task

__all__ = [
    "Artifact",
    "Backend",
    "BackendFamily",
    "BackendInfo",
    "BaseBackend",
    "Call",
    "CallContext",
    "Critique",
    "Facts",
    "FrozenModel",
    "Limits",
    "Material",
    "MissingRequirement",
    "OpenFile",
    "PromptVersion",
    "PromptedRequest",
    "Request",
    "Result",
    "Score",
]

T = TypeVar("T")
ResultT = TypeVar("ResultT", bound="Result")


class CallContext(Protocol):
    """Services of the runtime for a backend during one call."""

    request_id: str | None
    """The provider's id of this call, if an earlier process has already submitted it."""

    @property
    def withdrawn(self) -> bool:
        """True if an interrupted call is no longer wanted, because its job was cancelled.

        A call that is cut off by the end of the engine, or by its deadline, is gone back to.
        """
        ...

    async def read(self, artifact: Artifact) -> bytes:
        """The bytes of an artifact, checked against its hash."""
        ...

    async def open(self, artifact: Artifact) -> BinaryIO:
        """Open an artifact for reading, checked against its hash; the caller closes it.

        Use it in place of `read` for files that need not fit into memory.
        """
        ...

    async def keep(self, data: bytes, role: str = "result", *, kind: str | None = None) -> Artifact:
        """Store bytes by content and return their handle.

        Args:
            data: The bytes, at most 2 GiB.
            role: What they are to this step.
            kind: Name of their kind; by default it is recognised by content.
        """
        ...

    async def keep_file(
        self, path: Path, role: str = "result", *, kind: str | None = None
    ) -> Artifact:
        """Store a copy of a file by content and return its handle; memory use is constant.

        Args:
            path: The file, at most 64 GiB; it stays where it is.
            role: What it is to this step.
            kind: Name of its kind; by default it is recognised by content.
        """
        ...

    def scratch(self) -> AbstractContextManager[Path]:
        """Return a private folder for large files of this call, removed at its end.

        It is on the disk of the stored files.
        """
        ...

    async def submitted(self, request_id: str) -> None:
        """Record the provider's id of this call; durable when it returns."""
        ...

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Report the progress of this call (0 to 1, or None if unknown); cheap, not history."""
        ...

    def cost(self, microdollars: int) -> None:
        """Add what this call has cost, in millionths of a US dollar."""
        ...

    async def charged(self, microdollars: int, request_id: str | None = None) -> None:
        """Count the cost of finished work before its result is fetched; durable when it returns.

        It is counted once, however often the call is resumed. A `request_id` replaces the one that
        was recorded: it names what there is to fetch.
        """
        ...

    def usage(self, tokens_in: int, tokens_out: int) -> None:
        """Add the tokens that the provider counted, read and written."""
        ...

    def compute(self, function: Callable[..., T], *args: Any) -> Awaitable[T]:
        """Run a module-level function of plain data in the process pool.

        An artifact among the arguments becomes its bytes, and an `OpenFile` an open stream of
        them; they are read and checked when a process is free, and only there.
        """
        ...

    def infer(self, task: Task) -> Awaitable[Any]:
        """Run a task on a model host; its progress and previews are shown."""
        ...

    def preview(self, image: bytes) -> None:
        """Show a preview of an unfinished image: a small JPEG or PNG; cheap, not history."""
        ...


@runtime_checkable
class Backend(Protocol):
    """Interface of every backend; `BaseBackend` has a default for all but `info`."""

    @property
    def info(self) -> BackendInfo:
        """Description of the backend."""
        ...

    def missing(self) -> list[MissingRequirement]:
        """Return what it needs and does not have: a package, a key, weights."""
        ...

    def unreachable(self) -> MissingRequirement | None:
        """Return the server of this machine that does not answer; for lists of backends."""
        ...

    def refusal(self) -> str:
        """Return why no batch is queued with its settings; empty if one can be."""
        ...

    def details(self) -> list[str]:
        """Return what its settings result in, one line each; for lists and estimates."""
        ...

    def notes(self) -> list[str]:
        """Return what of a request it leaves out, one sentence each; shown on queueing."""
        ...

    def asks(self, request: Any) -> bool:
        """Return True to ask the operator about a paid call of unknown outcome, not repeat it."""
        ...

    def worst_cost(self, request: Any) -> int | None:
        """Return the maximum cost of a call in micro-dollars; None if not known."""
        ...

    def usual_cost(self) -> tuple[int, int] | None:
        """Return the minimum and maximum cost of an ordinary call in micro-dollars."""
        ...


class BaseBackend:
    """Base class of backends: needs nothing, refuses nothing, knows no price.

    A subclass sets `info` and has the operations of its capability.

    Attributes:
        info: Description of the backend.
    """

    info: BackendInfo

    def missing(self) -> list[MissingRequirement]:
        """Return what it needs and does not have: nothing."""
        return []

    def unreachable(self) -> MissingRequirement | None:
        """Return the server of this machine that does not answer: none."""
        return None

    def refusal(self) -> str:
        """Return why no batch is queued with its settings: one can be."""
        return ""

    def details(self) -> list[str]:
        """Return what its settings result in: nothing to show."""
        return []

    def notes(self) -> list[str]:
        """Return what of a request it leaves out: nothing."""
        return []

    def asks(self, request: Any) -> bool:
        """Return True: a paid call of unknown outcome is never repeated unasked."""
        return True

    def worst_cost(self, request: Any) -> int | None:
        """Return None: the maximum cost of a call is not known."""
        return None

    def usual_cost(self) -> tuple[int, int] | None:
        """Return None: the cost of an ordinary call is not known."""
        return None


@dataclass(frozen=True, slots=True)
class Call(Generic[ResultT]):
    """Description of a call that has not been sent.

    Attributes:
        backend: Backend that is called.
        operation: Name of the operation, for an agent its id; part of the fingerprint.
        request: Typed request.
        result_type: Type of the result.
        perform: Function of a backend of the same capability, the request and the context.
        agent: `Agent` that the backend runs; None for an operation without one.
        simpler: Request for one more attempt of each backend after it has failed for good; None
            for the prompt that the job began with, if it has one.
    """

    backend: Backend
    operation: str
    request: Request
    result_type: type[ResultT]
    perform: Callable[[Any, Any, CallContext], Awaitable[ResultT]]
    agent: Any = None
    simpler: Request | None = None

    @property
    def subject(self) -> tuple[Any, ...]:
        """The request, followed by the agent if there is one: what a backend estimates."""
        return (self.request,) if self.agent is None else (self.request, self.agent)

    @property
    def info(self) -> BackendInfo:
        """Description of the backend."""
        return self.backend.info


@dataclass(frozen=True, slots=True)
class BackendFamily:
    """Backends of one name, as an entry point of the group `safelight.backends` provides them.

    Attributes:
        name: Name on the command line and in settings, for example `builtin`.
        summary: One line for `safelight backends`.
        settings: Model of `[backends.NAME]` in `safelight.toml`.
        factories: By capability, a function that creates a backend from the settings and the
            environment, which has its keys. A factory imports what is heavy; the family's module
            does not.
    """

    name: str
    summary: str
    settings: type[BaseModel]
    factories: Mapping[str, Callable[[Any, Mapping[str, str]], Backend]]
