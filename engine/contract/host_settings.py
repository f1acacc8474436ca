"""Settings of model hosts."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class HostSettings(BaseModel):
    """Devices and memory for local models."""

    model_config = ConfigDict(extra="forbid")

    devices: list[Annotated[str, Field(pattern=r"^(cuda|mps|cpu)(:\d{1,3})?$")]] = Field(
        [],
        description="Devices for models, for example `cuda:0`, `mps` or `cpu`; empty for all "
        "that are found. `cpu:1` is a second host on the same processor.",
    )
    memory_share: float = Field(
        0.9, gt=0, le=1, description="Maximum share of an accelerator's memory for models."
    )
    cpu_memory_share: float = Field(
        0.5, gt=0, le=1, description="Maximum share of the main memory for models."
    )
    memory_gib: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {},
        description='Maximum GiB for models by device, over the shares: `{"cuda:0" = 20}`.',
    )
    cpu_threads: int = Field(
        0, ge=0, description="Threads of a host on the processor; 0 for one per core."
    )
    largest_batch: int = Field(
        0, ge=0, description="Maximum tasks per model call; 0 for the model's own limit."
    )
    batch_wait_seconds: float = Field(
        0.02,
        ge=0,
        le=1,
        description="Seconds that an idle host waits for another task of a batch.",
    )
    patience_seconds: float = Field(
        5, ge=0, description="Seconds that a task waits before a model in demand is evicted for it."
    )
    idle_seconds: float = Field(
        600, ge=0, description="Seconds without work after which a host stops; 0 for never."
    )
    grace_seconds: float = Field(
        10,
        ge=0,
        description="Grace period for a cancelled task before its host is killed, in seconds.",
    )
    load_seconds: float = Field(1800, gt=0, description="Maximum load time of a model, in seconds.")
    max_crashes: int = Field(
        5, ge=1, description="Consecutive crashes after which a host is not restarted."
    )
    broken_seconds: float = Field(60, ge=0, description="Pause before it is restarted, in seconds.")
