"""Status of hosts, for scheduling and for display."""

from dataclasses import dataclass, field
from typing import Literal

from engine.contract.model_host import ModelKey
from engine.models.hosts.holdings import Wanted
from engine.models.hosts.speeds import Speeds

State = Literal["starting", "idle", "busy", "restarting", "stopped"]
LinkState = Literal["", "connecting", "connected", "lost", "refused"]


@dataclass(frozen=True, slots=True)
class ShownModel:
    """A loaded model, for display.

    Attributes:
        name: Its name for operators.
        bytes: Bytes that it takes on the device.
        offloaded: True if it was moved to main memory as far as possible.
        seconds: Measured seconds per task on this device, None if not measured yet.
    """

    name: str
    bytes: int
    offloaded: bool
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class HostStatus:
    """Snapshot of a host.

    Attributes:
        device: Its device, `gpu-a/cuda:0` on another machine; the name of a machine whose devices
            are not known.
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
        machine: Its machine, empty for this one.
        link: State of the link to another machine, empty on this one; `message` says why it is
            `lost` or `refused`.
        retry_at: When a lost link is tried again, by the clock of day, in seconds since 1970.
        latency_ms: Round trip to the machine in milliseconds.
        version: Versions on another machine, in words: Safelight, Python, torch.
        load: Share of the time in which the device computed, in percent.
        celsius: Temperature of the device.
        device_used: Bytes of the device's memory that all programs use.
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
    machine: str = ""
    link: LinkState = ""
    retry_at: float | None = None
    latency_ms: float | None = None
    version: str = ""
    load: int | None = None
    celsius: int | None = None
    device_used: int | None = None


@dataclass(slots=True)
class KnownModels:
    """Figures about models, learnt while the engine runs.

    Attributes:
        sizes: Bytes that a model takes, as measured on this machine.
        most: Maximum number of tasks in one batch.
        load_seconds: Time that it takes to load.
        speeds: Seconds of batches by device.
        far_sizes: Bytes that it takes on another machine, as that one says.
        wanted: Packages and weights that it needs.
    """

    sizes: dict[ModelKey, int]
    most: dict[ModelKey, int]
    load_seconds: dict[ModelKey, float]
    speeds: Speeds
    far_sizes: dict[tuple[str, ModelKey], int] = field(default_factory=dict)
    wanted: dict[ModelKey, Wanted] = field(default_factory=dict)

    def size(self, model: ModelKey, machine: str) -> int:
        """Return the bytes that a model takes on a machine; 0 if unknown.

        What another machine says counts for itself alone, so that none can keep a model from the
        others.
        """
        return self.far_sizes.get((machine, model)) or self.sizes.get(model, 0)

    def learn_size(self, model: ModelKey, machine: str, size: int) -> None:
        """Note the bytes that a model takes on a machine."""
        if machine:
            self.far_sizes[machine, model] = size
        else:
            self.sizes[model] = size

    def learn_most(self, model: ModelKey, machine: str, most: int) -> None:
        """Note the maximum number of tasks in a batch; this machine's own word counts more."""
        if not machine or model not in self.most:
            self.most[model] = most

    @classmethod
    def nothing(cls) -> "KnownModels":
        """Return empty figures."""
        return cls({}, {}, {}, Speeds())
