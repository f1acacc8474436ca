"""Interface of a model host: a process that holds models on one device.

A backend describes a `Task` as plain data (bytes allowed) and gives it to its call's context. A
host loads the model where it is not loaded, puts tasks that fit together into one batch, whichever
jobs they are of, and gives each its own answer. Torch is imported in the hosts only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModelNeeds:
    """Requirements of the models of a backend, for the machine that runs them.

    Attributes:
        packages: Modules that the models import, for example `torch`.
        weights: Name (for `safelight models pull`) and source of each of their weights.
    """

    packages: tuple[str, ...] = ()
    weights: tuple[tuple[str, str], ...] = ()


@runtime_checkable
class HostedBackend(Protocol):
    """A backend whose models may run on another machine that has what they need.

    What it lacks on this machine, and another may have, is marked in `missing()` as `elsewhere`.
    """

    def needs(self) -> ModelNeeds:
        """Return what a machine needs for its models."""
        ...


@dataclass(frozen=True, slots=True)
class ModelKey:
    """Identity of a loaded model.

    Attributes:
        loader: The function that loads it, `module:function`, a constant of our code or of an
            installed package's, never text from outside; it is called with `options` (the text as
            it stands here) and a `LoadContext`, and returns a `LoadedModel`.
        options: What it is given, as canonical JSON: source, revision, precision and so on.
        name: What operators call it, for example `stabilityai/stable-diffusion-xl-base-1.0`.
        device: Where it has to run, for example `cuda:1`, `cuda` (any of them) or `cpu`; empty for
            any accelerator there is, and the processor where there is none.
    """

    loader: str
    options: str
    name: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work for a loaded model.

    Attributes:
        model: The model that does it.
        operation: Which of its operations.
        payload: What it is given: None, numbers, text, bytes, numpy arrays of numbers, and lists,
            tuples, sets and dicts of these.
        group: Tasks of one model, operation and group may be done in one batch.
        part: Progress of the call, 0 to 1, at the start and at the end of the task: a call of
            several tasks gives each its part.
    """

    model: ModelKey
    operation: str
    payload: Any
    group: str = ""
    part: tuple[float, float] = (0.0, 1.0)


class LoadContext(Protocol):
    """Context in which a model is loaded.

    Attributes:
        device: Device for torch, for example `cuda:0`, `mps` or `cpu`.
    """

    device: str

    def shared(self, key: str, build: Callable[[], T]) -> T:
        """A part that several models use, built once and kept while one of them is loaded."""
        ...


class BatchReporter(Protocol):
    """Reports of a loaded model on a running batch; tasks are named by their position."""

    def progress(self, task: int, fraction: float | None, message: str = "") -> None:
        """Report the progress of a task, 0 to 1."""
        ...

    def preview(self, task: int, image: bytes) -> None:
        """Show a preview of a task's unfinished image: a small JPEG or PNG."""
        ...

    def is_given_up(self, task: int) -> bool:
        """Return True if the task was cancelled and can be abandoned."""
        ...


class LoadedModel(Protocol):
    """A model in a host.

    Its methods are called one at a time, in the host's main thread. Answers are plain data and
    nothing else: None, numbers, text, bytes, and lists, tuples, sets and dicts of these (numpy
    arrays and tensors as bytes or lists). It may also have `restore()`, which takes back what
    `offload` did; it is called before an offloaded model works again where there is room.

    Attributes:
        most: Tasks that it takes in one batch at most.
    """

    most: int

    def run(
        self, operation: str, payloads: Sequence[Any], reporter: BatchReporter
    ) -> Sequence[Any]:
        """Run a batch of tasks of one operation and group.

        Returns:
            For each task its answer as plain data, or the `StepError` that it failed with; None for
            one that was given up.

        Raises:
            StepError: The whole batch failed.
            Exception: Out of memory as torch raises it: the host tries again with fewer tasks, then
                with the model offloaded. Anything else is a bug.
        """
        ...

    def size(self) -> int:
        """Bytes that its weights take on the device now."""
        ...

    def offload(self) -> None:
        """Move idle parts to main memory; slower, but needs less device memory."""
        ...

    def close(self) -> None:
        """Release its memory."""
        ...
