"""The contract between a recipe, the runtime and a backend.

A *request* is plain data plus handles of artifacts; a *result* is plain data plus handles of
artifacts. Neither holds an open file, a path of one machine or a bound object, so the same call
can run in this process, in a process pool, in a model host or on another machine.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import (
    Any,
    BinaryIO,
    ClassVar,
    Generic,
    Literal,
    Protocol,
    Self,
    TypeVar,
    runtime_checkable,
)

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.model_host import Task

T = TypeVar("T")
ResultT = TypeVar("ResultT", bound="Result")


class FrozenModel(BaseModel):
    """Immutable plain data that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Facts = Mapping[str, int | float | str]
"""Facts of a stored file, by their names."""


def _implied_kind(values: dict[str, Any]) -> str:
    return "image" if str(values.get("media_type", "")).startswith("image/") else "file"


def _is_implied(kind: str) -> bool:
    return kind in {"image", "file"}


def _is_empty(facts: Facts) -> bool:
    return not facts


class Artifact(FrozenModel):
    """A handle of stored bytes, by content.

    Attributes:
        hash: SHA-256 of the bytes, 64 lower-case hexadecimal digits.
        media_type: What the bytes are, for example `image/png`.
        size: Length in bytes.
        width: Width in pixels; None unless it is an image or a video.
        height: Height in pixels; None unless it is an image or a video.
        kind: Name of its kind, for example `image` or `audio`.
        facts: Facts of its kind, read from its content: `seconds`, `sample_rate`, `channels`,
            `frames`, `frame_rate` and others; numbers and short texts.
    """

    hash: str = Field(pattern="^[0-9a-f]{64}$")
    media_type: str
    size: int
    width: int | None = None
    height: int | None = None
    # Left out of stored requests and results where earlier handles say the same without it.
    kind: str = Field(default_factory=_implied_kind, exclude_if=_is_implied)
    facts: Facts = Field(default_factory=dict, exclude_if=_is_empty)

    def __hash__(self) -> int:
        """The hash of the content's hash: facts are a mapping, which has none."""
        return hash(self.hash)


class Request(FrozenModel):
    """Base of every typed request. All its fields are part of the step's fingerprint."""

    def simplified(self, prompt: str, negative_prompt: str) -> Self | None:
        """The request as it is made once more when it has failed for good.

        Args:
            prompt: The prompt that the job began with.
            negative_prompt: Its negative prompt.

        Returns:
            None where there is nothing to simplify.
        """
        return None

    def suited_to(self, backend: "Backend") -> Self:
        """The request as a fallback is asked it: without what that backend does not take."""
        return self


class PromptedRequest(Request):
    """Base of requests for something generated from a prompt.

    Attributes:
        prompt: Description of what to generate.
        negative_prompt: Description of what to avoid; ignored by backends without the notion.
        seed: Source of all randomness, 0 to 2**63 - 1.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = Field(ge=0, lt=2**63)

    def simplified(self, prompt: str, negative_prompt: str) -> Self | None:
        """Return the same request with the prompt that the job began with.

        Returns:
            None if it has that prompt already.
        """
        simple = self.model_copy(update={"prompt": prompt, "negative_prompt": negative_prompt})
        return None if simple == self else simple


class Result(FrozenModel):
    """Base of every typed result. It is stored as JSON and returned as it was on resume.

    Attributes:
        kind: Name of the kind that draws it, for example `scores`; `data` is drawn as JSON.
    """

    kind: ClassVar[str] = "data"

    def scores(self) -> "list[Score]":
        """The scores that this result leaves behind, each a row of its own."""
        return []

    def critiques(self) -> "list[Critique]":
        """The critiques that this result leaves behind."""
        return []

    def prompts(self) -> "list[PromptVersion]":
        """The versions of a prompt that this result leaves behind."""
        return []


class Score(FrozenModel):
    """One number that a judge gave.

    Attributes:
        metric: What was scored, for example `overall`.
        value: The score as shown, in the metric's own range.
        raw: The judge's own number before it was mapped, where there was one.
        scorer: Who gave it: backend and version.
        image: Hash of the image that was scored, where a step scores several.
    """

    metric: str
    value: float
    raw: float | None = None
    scorer: str = ""
    image: str | None = None


class Critique(FrozenModel):
    """What a judge said, in words, with what it measured."""

    text: str
    missing: tuple[str, ...] = ()
    measurements: dict[str, float] = Field(default_factory=dict)


class PromptVersion(FrozenModel):
    """A prompt that somebody wrote, and why."""

    text: str
    negative: str = ""
    author: str
    reason: str = ""


class MissingRequirement(FrozenModel):
    """Something a backend needs and does not have.

    Attributes:
        what: What it is, for example `FAL_KEY`.
        remedy: The way to mend it, as a sentence.
        reason: Why jobs that need it are parked.
    """

    what: str
    remedy: str
    reason: Literal["key", "weights", "backend"] = "key"


class CallContext(Protocol):
    """What the runtime gives to a backend for the length of one call."""

    request_id: str | None
    """The provider's id of this call where an earlier process already submitted it."""

    @property
    def withdrawn(self) -> bool:
        """Whether a call that is cut off is unwanted for good, because its job was cancelled.

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

    async def submitted(self, request_id: str) -> None:
        """Records the provider's id of this call; durable when it returns."""
        ...

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Says how far this call is (0 to 1, or None where unknown); cheap, not history."""
        ...

    def cost(self, microdollars: int) -> None:
        """Adds what this call has cost, in millionths of a US dollar."""
        ...

    async def charged(self, microdollars: int, request_id: str | None = None) -> None:
        """Counts the cost of finished work before its result is fetched; durable when it returns.

        It is counted once, however often the call is resumed. A `request_id` replaces the one that
        was recorded: it names what there is to fetch.
        """
        ...

    def usage(self, tokens_in: int, tokens_out: int) -> None:
        """Adds the tokens that the provider counted, read and written."""
        ...

    def compute(self, function: Callable[..., T], *args: Any) -> Awaitable[T]:
        """Runs a module-level function of plain data in the process pool."""
        ...

    def infer(self, task: Task) -> Awaitable[Any]:
        """Has a task done by a model host; its progress and previews are shown."""
        ...

    def preview(self, image: bytes) -> None:
        """Shows how an image looks so far: a small JPEG or PNG; cheap, not history."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the lane that a backend's calls queue in.

    Attributes:
        concurrency: Maximum number of calls in flight; 0 for one per CPU worker.
        requests_per_minute: Maximum number of calls per minute; None for no limit.
        tokens_per_minute: Maximum number of tokens per minute, read and written; None for no limit.
    """

    concurrency: int = 1
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendInfo:
    """Description of a backend with its settings.

    Capabilities whose recipes need more facts have a subclass, `ImageInfo` for example.

    Attributes:
        name: Name on the command line and in settings, for example `builtin`.
        capability: Name of the capability, for example `image`.
        model: Model it runs; part of every fingerprint.
        version: Version of its method; raised when the same request gives another result.
        lane: Lane its calls queue in; backends that share an account share a lane.
        versions: Versions of operations that differ from `version`, by operation.
        paid: True if a call costs money, so that it is never sent twice without need.
        resumable: True if a submitted call can be found again by its request id.
        reusable: True if the same request gives the same result, so that the result of another
            job may stand for it.
        limits: Limits of its lane.
        price_names: Settings that have to be set for its prices to be known; empty if a call can
            cost nothing.
        client: Package of the provider that it calls through, None if there is none.
    """

    name: str
    capability: str
    model: str
    version: str
    lane: str
    versions: Mapping[str, str] = field(default_factory=dict)
    paid: bool = False
    resumable: bool = False
    reusable: bool = False
    limits: Limits = Limits()
    price_names: tuple[str, ...] = ()
    client: str | None = None

    def signature(self, operation: str = "") -> str:
        """Return name, model and version, as results are signed with.

        Args:
            operation: Operation whose version to use, if it has its own.
        """
        return f"{self.name}/{self.model} {self.versions.get(operation, self.version)}"


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
        operation: Name of the operation; part of the fingerprint.
        request: Typed request.
        result_type: Type of the result.
        perform: Function of a backend of the same capability, the request and the context.
    """

    backend: Backend
    operation: str
    request: Request
    result_type: type[ResultT]
    perform: Callable[[Any, Any, CallContext], Awaitable[ResultT]]

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
