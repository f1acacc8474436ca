"""Hosts as the engine sees them, and as it shows them."""

from dataclasses import dataclass
from typing import Literal

from engine.contract.model_host import ModelKey

State = Literal["starting", "idle", "busy", "restarting", "stopped"]


@dataclass(frozen=True, slots=True)
class ShownModel:
    """A model that is loaded, for the screen.

    Attributes:
        name: What operators call it.
        bytes: What it takes on the device.
        offloaded: Whether it was moved to the processor's memory as far as it can be.
    """

    name: str
    bytes: int
    offloaded: bool


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A host at one moment.

    Attributes:
        device: Its device.
        name: What the device is, in words.
        pid: Its process, None where none runs.
        state: `starting`, `idle`, `busy`, `restarting` after a crash, or `stopped`.
        message: What it does, or why it has stopped.
        memory_total: Bytes of its device, None where that is not known yet.
        memory_budget: Bytes that models may fill.
        memory_used: Bytes that are used by it.
        models: What is loaded, the least recently used first.
        waiting: Tasks that wait for it.
        running: Tasks that it works at.
        restarts: How often its process was started again after it died or was killed.
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
    """What is known of models while the engine runs.

    Attributes:
        sizes: Bytes that a model takes.
        most: Tasks that it takes in one batch.
        load_seconds: How long it takes to load.
        batch_seconds: How long its last batch took.
    """

    sizes: dict[ModelKey, int]
    most: dict[ModelKey, int]
    load_seconds: dict[ModelKey, float]
    batch_seconds: dict[ModelKey, float]

    @classmethod
    def nothing(cls) -> "KnownModels":
        """What is known at first."""
        return cls({}, {}, {}, {})
