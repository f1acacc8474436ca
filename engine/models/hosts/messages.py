"""Messages between the engine and a host's process.

The types of fields are checked when a message is read, with their limits (`codec`).
"""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le, MaxLen

from engine.contract.model_host import ModelKey

MAX_WORDS = 500
MAX_TEXT = 20_000
MAX_PREVIEW = 256 * 1024
"""Maximum size of a preview in bytes."""
MAX_TASKS = 1024
"""Maximum number of tasks in a batch."""

Number = Annotated[int, Ge(0), Le(2**53)]
Seconds = Annotated[float, Ge(0), Le(1e9)]
Words = Annotated[str, MaxLen(MAX_WORDS)]
Text = Annotated[str, MaxLen(MAX_TEXT)]

# -- to a host ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """Instructions to a host's process, before any other command.

    Attributes:
        device: The device's name.
        torch: Its name in torch.
        budget: Bytes that models may fill, 0 for a share of the device.
        share: That share, 0 to 1.
        threads: Threads that numeric libraries may use, 0 for one per core.
        level: Level of the engine's log.
    """

    device: str
    torch: str
    budget: Number
    share: float
    threads: Number
    level: Number


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Load a model.

    Attributes:
        key: The model.
        expected: Bytes that it took when it was last loaded, 0 if unknown.
    """

    key: ModelKey
    expected: Number


@dataclass(frozen=True, slots=True)
class RunBatch:
    """Run a batch.

    Attributes:
        number: Number of the batch.
        key: The model.
        operation: The operation.
        payloads: Input of each task, packed.
        expected: Bytes that the model takes, if it has to be loaded again.
    """

    number: Number
    key: ModelKey
    operation: str
    payloads: tuple[bytes, ...]
    expected: Number


@dataclass(frozen=True, slots=True)
class CancelTask:
    """Cancel a task of a batch."""

    number: Number
    task: Number


HostCommand = LoadModel | RunBatch | CancelTask

# -- from a host ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostReady:
    """The process is up; bytes of its device, and bytes that it may fill."""

    total: Number
    budget: Number


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """A loaded model, and the bytes that it takes on the device."""

    key: ModelKey
    size: Number
    offloaded: bool


@dataclass(frozen=True, slots=True)
class LoadedModels:
    """Present contents of a host: its models, the least recently used first, and bytes used."""

    models: tuple[ModelUsage, ...]
    used: Number


@dataclass(frozen=True, slots=True)
class TaskSuccess:
    """A task's answer, packed."""

    data: bytes


@dataclass(frozen=True, slots=True)
class TaskRefused:
    """A task that failed on purpose: its `StepError`, packed."""

    error: bytes


@dataclass(frozen=True, slots=True)
class TaskBug:
    """A task that failed because of a bug."""

    type: Words
    message: Text
    traceback: Text


@dataclass(frozen=True, slots=True)
class TaskAbandoned:
    """A task that was cancelled and left unfinished."""


TaskReply = TaskSuccess | TaskRefused | TaskBug | TaskAbandoned


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """A model is loaded.

    Attributes:
        key: The model.
        most: Maximum number of tasks in one batch.
        seconds: Time that loading took.
        size: Bytes that it takes.
    """

    key: ModelKey
    most: Annotated[int, Ge(1), Le(MAX_TASKS)]
    seconds: Seconds
    size: Number


@dataclass(frozen=True, slots=True)
class ModelLoadFailed:
    """A model could not be loaded.

    Attributes:
        key: The model.
        answer: Answer for the tasks that wait for it.
        is_too_large: True if it does not fit on this device, even with all others unloaded.
        size: Bytes that it would take, 0 if unknown.
    """

    key: ModelKey
    answer: "TaskRefused | TaskBug"
    is_too_large: bool = False
    size: Number = 0


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A batch has ended.

    Attributes:
        number: Number of the batch.
        answers: One for each task.
        seconds: Time that it took.
        fitted: Number of tasks at once that fitted in memory, 0 if all did.
    """

    number: Number
    answers: tuple[TaskReply, ...]
    seconds: Seconds
    fitted: Number = 0


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """Progress of a task."""

    number: Number
    task: Number
    fraction: float | None
    message: Words


@dataclass(frozen=True, slots=True)
class TaskPreview:
    """Preview of a task's image."""

    number: Number
    task: Number
    image: Annotated[bytes, MaxLen(MAX_PREVIEW)]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line for the engine's log."""

    level: Number
    logger: Words
    text: Text


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """Measured by a device: load in percent, degrees Celsius, bytes that all programs use."""

    load: int | None
    celsius: int | None
    used: int | None


HostReport = (
    HostReady
    | DeviceReading
    | LoadedModels
    | ModelLoaded
    | ModelLoadFailed
    | BatchDone
    | TaskProgress
    | TaskPreview
    | LogLine
)
