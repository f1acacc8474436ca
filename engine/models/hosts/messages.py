"""Messages between the engine and a host's process."""

from dataclasses import dataclass

from engine.contract.model_host import ModelKey

# -- to a host ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Load a model.

    Attributes:
        key: The model.
        expected: Bytes that it took when it was last loaded, 0 if unknown.
    """

    key: ModelKey
    expected: int


@dataclass(frozen=True, slots=True)
class RunBatch:
    """Run a batch.

    Attributes:
        number: Number of the batch.
        key: The model.
        operation: The operation.
        payloads: Input of each task, pickled.
        expected: Bytes that the model takes, if it has to be loaded again.
    """

    number: int
    key: ModelKey
    operation: str
    payloads: tuple[bytes, ...]
    expected: int


@dataclass(frozen=True, slots=True)
class CancelTask:
    """Cancel a task of a batch."""

    number: int
    task: int


HostCommand = LoadModel | RunBatch | CancelTask

# -- from a host ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostReady:
    """The process is up; bytes of its device, and bytes that it may fill."""

    total: int
    budget: int


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """A loaded model, and the bytes that it takes on the device."""

    key: ModelKey
    size: int
    offloaded: bool


@dataclass(frozen=True, slots=True)
class LoadedModels:
    """Present contents of a host: its models, the least recently used first, and bytes used."""

    models: tuple[ModelUsage, ...]
    used: int


@dataclass(frozen=True, slots=True)
class TaskSuccess:
    """A task's answer, pickled."""

    data: bytes


@dataclass(frozen=True, slots=True)
class TaskRefused:
    """A task that failed on purpose: its `StepError`, pickled."""

    error: bytes


@dataclass(frozen=True, slots=True)
class TaskBug:
    """A task that failed because of a bug."""

    type: str
    message: str
    traceback: str


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
    most: int
    seconds: float
    size: int


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
    size: int = 0


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A batch has ended.

    Attributes:
        number: Number of the batch.
        answers: One for each task.
        seconds: Time that it took.
        fitted: Number of tasks at once that fitted in memory, 0 if all did.
    """

    number: int
    answers: tuple[TaskReply, ...]
    seconds: float
    fitted: int = 0


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """Progress of a task."""

    number: int
    task: int
    fraction: float | None
    message: str


@dataclass(frozen=True, slots=True)
class TaskPreview:
    """Preview of a task's image."""

    number: int
    task: int
    image: bytes


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line for the engine's log."""

    level: int
    logger: str
    text: str


HostReport = (
    HostReady
    | LoadedModels
    | ModelLoaded
    | ModelLoadFailed
    | BatchDone
    | TaskProgress
    | TaskPreview
    | LogLine
)
