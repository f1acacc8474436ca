"""A job as its recipe sees it: protocols that the runtime implements.

A recipe is an `async` function of one `Job`. It asks for steps, which are never repeated: a step
that has finished answers from the store, also after a restart. So a recipe is resumed by running it
again from the top, and everything in it that is not a step has to give the same again.
"""

from collections.abc import Awaitable, Callable, Container, Iterator
from typing import Any, ParamSpec, Protocol, TypeVar

from engine.contract.backend import Call, CallContext, Request, Result
from engine.contract.capability import Capability
from engine.contract.image import ImageProxy
from engine.contract.score import ScoreProxy
from engine.contract.text import TextProxy
from engine.contract.vision import VisionProxy

P = ParamSpec("P")
T = TypeVar("T")
ProxyT = TypeVar("ProxyT")
ResultT = TypeVar("ResultT", bound=Result)
RequestT = TypeVar("RequestT", bound=Request)
InputT_co = TypeVar("InputT_co", covariant=True)
SettingsT_co = TypeVar("SettingsT_co", covariant=True)

LocalFunction = (
    Callable[[RequestT], ResultT] | Callable[[RequestT, CallContext], Awaitable[ResultT]]
)
"""A recipe's own computation: quick and of the request alone, or a coroutine that uses files."""


class Scope(Protocol):
    """A part of a job that steps are named in, for example `scene-2/iteration-1`."""

    def key(self, name: str) -> str:
        """Return the full key of a name in this scope."""
        ...

    def scope(self, name: str) -> "Scope":
        """Return a scope inside this one."""
        ...

    def iterations(self, count: int) -> "Iterator[Iteration]":
        """Yield scopes `iteration-1` to `iteration-N`, one after the other."""
        ...

    def publish(self) -> None:
        """Schedule an update of the job's output folder, as after every iteration."""
        ...

    async def warn(self, message: str) -> None:
        """Add a warning to the job's history, once however often the recipe is run again."""
        ...

    async def step(
        self, name: str, describe: Callable[P, Call[ResultT]], *args: P.args, **kwargs: P.kwargs
    ) -> ResultT:
        """Return the result of a call of a backend: from the store, else after asking it.

        Args:
            name: Name of the step, unique within this scope.
            describe: The operation, for example `job.image.generate`.
            *args: Its arguments.
            **kwargs: Its arguments by name.

        Raises:
            Permanent: The call has failed for good, now or before.
        """
        ...

    async def local(
        self,
        name: str,
        function: "LocalFunction[RequestT, ResultT]",
        request: RequestT,
        *,
        version: str = "1",
        method: str = "",
    ) -> ResultT:
        """Return the result of the recipe's own computation: from the store, else computed.

        It runs in the engine's process, so it must be quick; what takes longer than a few
        milliseconds goes into `compute`, here or on the `CallContext`.

        Args:
            name: Name of the step, unique within this scope.
            function: A function of the request, or a coroutine function of the request and a
                `CallContext`, to read and keep files; it must be annotated with what it returns.
                Its name is part of the fingerprint.
            request: What it is given: plain data and handles of artifacts.
            version: Raised when the same request gives another result.
            method: Name of the method, as the store shows it; part of the fingerprint.

        Raises:
            Permanent: The computation has failed for good, now or before.
        """
        ...

    async def compute(
        self,
        name: str,
        function: Callable[[RequestT], ResultT],
        request: RequestT,
        *,
        version: str = "1",
        method: str = "",
    ) -> ResultT:
        """Return the result of the recipe's own computation, run in the process pool.

        Args:
            name: Name of the step, unique within this scope.
            function: A function at the top of a module, annotated with what it returns. Its name
                is part of the fingerprint.
            request: What it is given: plain data.
            version: Raised when the same request gives another result.
            method: Name of the method, as the store shows it; part of the fingerprint.

        Raises:
            Permanent: The computation has failed for good, now or before.
        """
        ...

    async def decide(self, name: str, default: T, *, among: Container[T] | None = None) -> T:
        """Return an operator's decision, or the default while there is none.

        A decision that does not fit is ignored with a warning, and the one before it holds.

        Args:
            name: Name of the decision, unique within this scope.
            default: Value without a decision; also gives the type that a decision must have.
            among: The values that fit, if not all of that type do.
        """
        ...

    async def approve(self, name: str, value: T, *, cost: int | None = 0) -> T:
        """Return a value once an operator has approved it, perhaps edited.

        The job is parked meanwhile and costs nothing. It returns at once if the batch's settings do
        not have the gate on. The recipe has to declare an `Approval` of the key.

        Args:
            name: Name of the gate, unique within this scope.
            value: What the operator is shown: a model or plain data. If the recipe shows something
                else when it runs again, it is to be approved again.
            cost: Micro-dollars that may be spent once it is approved; None if not known. The gate
                is also on if that is more than the setting `approve_above`.

        Raises:
            Rejected: The operator has rejected it.
        """
        ...


class Iteration(Scope, Protocol):
    """One turn of a loop."""

    @property
    def number(self) -> int:
        """Number of the turn, from 1."""
        ...

    @property
    def is_last(self) -> bool:
        """True if no turn can follow."""
        ...


class Operations(Protocol):
    """Operations of the backends that a recipe uses."""

    def use(self, capability: Capability[ProxyT]) -> ProxyT:
        """Return the operations of a capability's backend, for example of `AUDIO`.

        Raises:
            LookupError: The recipe does not name the capability in its `uses`.
        """
        ...

    @property
    def image(self) -> ImageProxy:
        """Operations of the image backend."""
        ...

    @property
    def vision(self) -> VisionProxy:
        """Operations of the vision backend."""
        ...

    @property
    def text(self) -> TextProxy:
        """Operations of the text backend."""
        ...

    @property
    def scorers(self) -> ScoreProxy:
        """Operations of the score backend."""
        ...


class Job(Scope, Operations, Protocol[InputT_co, SettingsT_co]):
    """A job as its recipe sees it."""

    @property
    def input(self) -> InputT_co:
        """The entry of the input file, as the recipe's input model."""
        ...

    @property
    def settings(self) -> SettingsT_co:
        """The recipe's settings, as they were when the batch was queued."""
        ...

    @property
    def seed(self) -> int:
        """Source of the job's randomness, 0 to 2**63 - 1."""
        ...

    @property
    def prepared(self) -> Any:
        """The result of the recipe's `before`, as its model; None if it has none."""
        ...

    def seed_for(self, variation: int) -> int:
        """Return the seed of a variation, 0 to 2**63 - 1; variation 0 has the job's own."""
        ...
