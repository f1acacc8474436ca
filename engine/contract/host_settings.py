"""Settings of model hosts."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

DEVICE = r"^(cuda|mps|cpu)(:\d{1,3})?$"
"""A device of one machine."""

MACHINE = (
    r"^(?:ssh://)?(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})@)?"
    r"(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?/?$"
)
"""A machine for ssh: nothing in it is an option, or means anything to a shell."""

_CLUSTER = (
    r"^ray://(auto|[A-Za-z0-9][A-Za-z0-9.-]{0,252}:[0-9]{1,5}|\[[0-9A-Fa-f:.]{2,45}\]:[0-9]{1,5})$"
)
_SSH = MACHINE.replace("?P<user>", "").replace("?P<host>", "").replace("?P<port>", "")
_LINE = r"^[^\x00-\x1f\x7f]*$"


class MachineSettings(BaseModel):
    """One of the other machines for local models."""

    model_config = ConfigDict(extra="forbid")

    python: str = Field(
        "python3",
        min_length=1,
        max_length=1000,
        pattern=r"^[A-Za-z0-9_./~][A-Za-z0-9_./~ +@-]*$",
        description="Python there that has Safelight, for example `~/safelight/.venv/bin/python`.",
    )
    command: str = Field(
        "",
        max_length=4000,
        pattern=_LINE,
        description="Command for the shell there that starts a host instead, for example "
        "`docker exec -i safelight python -m engine.models.hosts.worker --stdio`.",
    )
    devices: list[Annotated[str, Field(pattern=DEVICE)]] = Field(
        [], description="Devices there, for example `cuda:1`; empty for all that are found."
    )

    compute: int = Field(
        0,
        ge=0,
        le=256,
        description="Processes there for steps on the processor, such as segments of films and "
        "analyses of songs; on a Ray cluster, on each of its nodes.",
    )

    @property
    def starts(self) -> str:
        """Python or command there, if it is not the usual one."""
        return self.command or ("" if self.python == "python3" else self.python)


class HostSettings(BaseModel):
    """Devices and memory for local models."""

    model_config = ConfigDict(extra="forbid")

    devices: list[Annotated[str, Field(pattern=DEVICE)]] = Field(
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
    machines: list[Annotated[str, Field(pattern=f"{_SSH}|{_CLUSTER}", max_length=400)]] = Field(
        [],
        max_length=64,
        description='Other machines for local models, as `ssh` knows them: `["gpu-a", '
        '"gpu-b:2222", "user@gpu-c"]`, with Safelight of the same version; or a Ray cluster, '
        "`ray://auto` or `ray://host:port`.",
    )
    machine: dict[str, MachineSettings] = Field(
        {},
        description='How to start Safelight on a machine: `[hosts.machine."gpu-a"]`, if '
        "`python3` there is not the right one.",
    )
    silence_seconds: float = Field(
        15,
        ge=0.2,
        le=3600,
        description="Seconds without a sign of life after which a host on another machine is "
        "taken for lost.",
    )
    link_cache_gib: float = Field(
        2,
        ge=0,
        le=1024,
        description="Maximum GiB on the disk of another machine for images and sounds that were "
        "sent there.",
    )

    @model_validator(mode="after")
    def _check_machines(self) -> Self:
        if unknown := sorted(set(self.machine) - set(self.machines)):
            raise ValueError(f"machine: {unknown[0][:100]} is not in machines")
        if len(set(self.machines)) < len(self.machines):
            raise ValueError("machines: one is named twice")
        return self
