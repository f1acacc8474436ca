"""What the engine and a host's process say to each other."""

from dataclasses import dataclass

from engine.contract.model_host import ModelKey

# -- to a host ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Load a model.

    Attributes:
        key: Which.
        expected: Bytes that it took when it was loaded before, 0 where that is not known.
    """

    key: ModelKey
    expected: int


@dataclass(frozen=True, slots=True)
class RunBatch:
    """Do a batch.

    Attributes:
        number: Number of the batch.
        key: The model.
        operation: Which of its operations.
        payloads: What each task is given, pickled.
        expected: Bytes that the model takes, should it have to be loaded again.
    """

    number: int
    key: ModelKey
    operation: str
    payloads: tuple[bytes, ...]
    expected: int


@dataclass(frozen=True, slots=True)
class CancelTask:
    """Nobody waits for a task of a batch any more."""

    number: int
    task: int


HostCommand = LoadModel | RunBatch | CancelTask

# -- from a host ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostReady:
    """The process is up; how many bytes its device has, and how many it may fill."""

    total: int
    budget: int


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """A model that is loaded, and the bytes that it takes on the device."""

    key: ModelKey
    size: int
    offloaded: bool


@dataclass(frozen=True, slots=True)
class LoadedModels:
    """What a host holds now: its models, the least recently used first, and bytes used."""

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
    """A task that failed by a defect."""

    type: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class TaskAbandoned:
    """A task that was given up and left unfinished."""


TaskReply = TaskSuccess | TaskRefused | TaskBug | TaskAbandoned


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """A model is loaded.

    Attributes:
        key: Which.
        most: Tasks that it takes in one batch at most.
        seconds: How long it took.
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
        key: Which.
        answer: What whoever waits for it is told.
        is_too_large: Whether it has no room on this device, whatever else is unloaded.
        size: Bytes that it would take, 0 where that was not seen.
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
        seconds: How long it took.
        fitted: Tasks at once that the memory had room for, 0 where it had for all.
    """

    number: int
    answers: tuple[TaskReply, ...]
    seconds: float
    fitted: int = 0


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """How far a task is."""

    number: int
    task: int
    fraction: float | None
    message: str


@dataclass(frozen=True, slots=True)
class TaskPreview:
    """How a task's image looks so far."""

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
