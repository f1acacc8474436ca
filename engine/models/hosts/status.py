"""Status of hosts, for scheduling and for display."""

from dataclasses import dataclass
from typing import Literal

from engine.contract.model_host import ModelKey

State = Literal["starting", "idle", "busy", "restarting", "stopped"]


@dataclass(frozen=True, slots=True)
class ShownModel:
    """A loaded model, for display.

    Attributes:
        name: Its name for operators.
        bytes: Bytes that it takes on the device.
        offloaded: True if it was moved to main memory as far as possible.
    """

    name: str
    bytes: int
    offloaded: bool


@dataclass(frozen=True, slots=True)
class HostStatus:
    """Snapshot of a host.

    Attributes:
        device: Its device.
        name: Description of the device in words.
        pid: Id of its process, None if none is running.
        state: `starting`, `idle`, `busy`, `restarting` after a crash, or `stopped`.
        message: Its activity, or why it has stopped.
        memory_total: Bytes of its device, None if unknown so far.
        memory_budget: Bytes that models may fill.
        memory_used: Bytes that are used by it.
        models: Loaded models, the least recently used first.
        waiting: Tasks that wait for it.
        running: Tasks in progress.
        restarts: Number of restarts of its process after it died or was killed.
    """

    device: str
    name: str
    pid: int | None
    state: State
    message: str
    memory_total: int | None
    memory_budget: int | None
    memory_used: int | None
    models: tuple[ShownModel, ...]
    waiting: int
    running: int
    restarts: int


@dataclass(slots=True)
class KnownModels:
    """Figures about models, learnt while the engine runs.

    Attributes:
        sizes: Bytes that a model takes.
        most: Maximum number of tasks in one batch.
        load_seconds: Time that it takes to load.
        batch_seconds: Time that its last batch took.
    """

    sizes: dict[ModelKey, int]
    most: dict[ModelKey, int]
    load_seconds: dict[ModelKey, float]
    batch_seconds: dict[ModelKey, float]

    @classmethod
    def nothing(cls) -> "KnownModels":
        """Return empty figures."""
        return cls({}, {}, {}, {})
