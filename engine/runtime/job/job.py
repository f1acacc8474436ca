"""Job that a recipe gets: input, settings, backends, and steps that are never repeated."""

from collections.abc import Awaitable, Callable, Container, Iterator
from typing import Any, Generic, ParamSpec, TypeVar, cast

from pydantic import BaseModel

from db.writes.events import record_warning
from engine.contract import (
    IMAGE,
    SCORE,
    TEXT,
    VISION,
    Call,
    Capability,
    ImageProxy,
    Request,
    Result,
    ScoreProxy,
    TextProxy,
    VisionProxy,
)
from engine.contract.decisions import newest_fitting
from engine.contract.job import LocalFunction
from engine.contract.recipe import RecipeSettings
from engine.contract.seeds import derive_seed
from engine.runtime.step.fallbacks import step_with_fallbacks
from engine.runtime.step.gate import approved
from engine.runtime.step.job_state import JobState
from engine.runtime.step.local import LocalExecutor, local_call, pool_call
from engine.runtime.step.runner import StepRunner

P = ParamSpec("P")
T = TypeVar("T")
ProxyT = TypeVar("ProxyT")
ResultT = TypeVar("ResultT", bound=Result)
RequestT = TypeVar("RequestT", bound=Request)
InputT = TypeVar("InputT", bound=BaseModel)
SettingsT = TypeVar("SettingsT", bound=RecipeSettings)


class ScopeContext:
    """Namespace of steps in a job, for example `scene-2/iteration-1`."""

    def __init__(self, runner: StepRunner, run: JobState, path: str, iteration: int = 0) -> None:
        self._runner = runner
        self._run = run
        self._path = path
        self._iteration = iteration

    def key(self, name: str) -> str:
        """Return the full key of a name in this scope."""
        return f"{self._path}/{name}" if self._path else name

    def scope(self, name: str) -> "ScopeContext":
        """Return a scope inside this one."""
        return ScopeContext(self._runner, self._run, self.key(name), self._iteration)

    def publish(self) -> None:
        """Have the job's folder updated soon, as after every iteration."""
        self._runner.publish(self._run)

    async def warn(self, message: str) -> None:
        """Add a warning to the job's history, once however often the recipe runs again."""
        job, row_id = self._run.job, self._run.row_id
        text = f"{self._path}: {message}" if self._path else message
        await self._runner.write(
            lambda c: record_warning(c, batch_id=job.batch_id, job_id=row_id, message=text)
        )

    def iterations(self, count: int) -> "Iterator[IterationContext]":
        """Yield the scopes `iteration-1` to `iteration-N`, one after the other."""
        for number in range(1, count + 1):
            yield IterationContext(
                self._runner, self._run, self.key(f"iteration-{number}"), number, count
            )
            self.publish()

    async def step(
        self, name: str, describe: Callable[P, Call[ResultT]], *args: P.args, **kwargs: P.kwargs
    ) -> ResultT:
        """Return the result of a call: from the store, else after asking its backend.

        Args:
            name: Name of the step, unique within this scope.
            describe: Operation that describes the call, for example `job.image.generate`.
            *args: Its arguments.
            **kwargs: Its arguments by name.

        Raises:
            Permanent: The call has failed permanently, now or before.
        """
        call = describe(*args, **kwargs)
        if call.simpler is not None or self._run.batch.has_fallbacks(call.backend):
            return await step_with_fallbacks(
                self._runner, self._run, self._path, name, call, self._iteration
            )
        return await self._step(name, call)

    async def local(
        self,
        name: str,
        function: LocalFunction[RequestT, ResultT],
        request: RequestT,
        *,
        version: str = "1",
        method: str = "",
    ) -> ResultT:
        """Return the result of the recipe's own computation in this process."""
        call = local_call(self._executor(method, version), function, request)
        return cast("ResultT", await self._step(name, call))

    async def compute(
        self,
        name: str,
        function: Callable[[RequestT], ResultT],
        request: RequestT,
        *,
        version: str = "1",
        method: str = "",
    ) -> ResultT:
        """Return the result of the recipe's own computation in the process pool."""
        call = pool_call(self._executor(method, version), function, request)
        return cast("ResultT", await self._step(name, call))

    def _executor(self, method: str, version: str) -> LocalExecutor:
        return LocalExecutor(self._run.recipe.name, method, version)

    def _step(self, name: str, call: Call[ResultT]) -> Awaitable[ResultT]:
        return self._runner.step(self._run, self._path, name, call, iteration=self._iteration)

    async def decide(self, name: str, default: T, *, among: Container[T] | None = None) -> T:
        """Return an operator's decision, or the default while there is none.

        A decision that does not fit is left out with a warning, and the one before it holds.

        Args:
            name: Name of the decision, unique within this scope.
            default: The value without a decision; also defines the type of a decision.
            among: The allowed values, if not all of that type.
        """
        values = self._run.decisions.get(self.key(name))
        if not values:
            return default
        chosen, trouble = newest_fitting(values, default, among)
        if trouble:
            await self.warn(f"{name}: {trouble}; it is left out.")
        return chosen

    async def approve(self, name: str, value: T, *, cost: int | None = 0) -> T:
        """Return a value once an operator has approved it; at once if the gate is off."""
        return await approved(self._runner, self._run, self._path, name, value, cost)


class IterationContext(ScopeContext):
    """One turn of a loop.

    Attributes:
        number: Number of the turn, from 1.
        is_last: True if no turn can follow.
    """

    def __init__(
        self, runner: StepRunner, run: JobState, path: str, number: int, count: int
    ) -> None:
        super().__init__(runner, run, path, number)
        self.number = number
        self.is_last = number == count


class JobContext(ScopeContext, Generic[InputT, SettingsT]):
    """A job as its recipe sees it.

    Attributes:
        input: The entry of the input file.
        settings: The recipe's settings, as they were when the batch was queued.
        seed: Source of the job's randomness.
    """

    def __init__(
        self, runner: StepRunner, run: JobState, input_: InputT, settings: SettingsT
    ) -> None:
        super().__init__(runner, run, "")
        self.input = input_
        self.settings = settings
        self.seed = run.job.seed

    def use(self, capability: Capability[ProxyT]) -> ProxyT:
        """Return the operations of a capability's backend, for example of `AUDIO`.

        Raises:
            LookupError: The recipe does not name the capability in its `uses`.
        """
        backend = self._run.backends.get(capability.name)
        if backend is None:
            recipe = self._run.recipe.name
            raise LookupError(f"The recipe {recipe} does not name {capability.name!r} in its uses.")
        return capability.proxy(backend)

    @property
    def image(self) -> ImageProxy:
        """Operations on images."""
        return self.use(IMAGE)

    @property
    def vision(self) -> VisionProxy:
        """Operations of vision."""
        return self.use(VISION)

    @property
    def text(self) -> TextProxy:
        """Operations on text."""
        return self.use(TEXT)

    @property
    def scorers(self) -> ScoreProxy:
        """Scoring and comparison of images."""
        return self.use(SCORE)

    @property
    def prepared(self) -> Any:
        """The result of the recipe's `before`; None if it has none."""
        return self._run.batch.prepared

    def seed_for(self, variation: int) -> int:
        """Return the seed of a variation; variation 0 is the job's own."""
        return self.seed if variation == 0 else derive_seed(self.seed, self._run.job.key, variation)
