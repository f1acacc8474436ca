"""Devices that models can run on, found in a separate process: the engine never imports torch."""

import importlib.util
import logging
import multiprocessing
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from engine.contract import Blocked
from engine.contract.host_settings import DEVICE
from engine.contract.install import install_command
from engine.models.hosts.spawning import settle, spawning

log = logging.getLogger(__name__)

FIND_SECONDS = 120.0
"""Time limit for finding devices; most of it allows for a first import of torch."""

CPU = "cpu"
_SIGNS = ("/dev/nvidia[0-9]*", "/dev/kfd", "/dev/dxg")


@dataclass(frozen=True, slots=True)
class Device:
    """A device that models run on.

    Attributes:
        id: Its name in settings and on the screen: `cuda:0`, `mps`, `cpu`, or `cpu:1` for one more
            host on the same processor; on another machine after its name, `gpu-a/cuda:0`.
        name: Its description in words.
        memory: Its memory in bytes, 0 if unknown before a host runs.
        machine: Name of its machine in the settings; empty for this one.
    """

    id: str
    name: str = ""
    memory: int = 0
    machine: str = ""

    @property
    def local_id(self) -> str:
        """Its name on its own machine."""
        return self.id.removeprefix(f"{self.machine}/") if self.machine else self.id

    @property
    def kind(self) -> str:
        """`cuda` (also for ROCm), `mps` or `cpu`."""
        return self.local_id.partition(":")[0]

    @property
    def torch(self) -> str:
        """Its name in torch."""
        return self.local_id if self.kind == "cuda" else self.kind

    def on(self, machine: str) -> "Device":
        """Return it as a device of another machine, which named it as its own."""
        return replace(self, id=f"{machine}/{self.local_id}", machine=machine)

    def suits(self, wanted: str) -> bool:
        """Return whether a model that requires a device may run on it.

        Args:
            wanted: A device (`cuda:0` is this machine's, `gpu-a/cuda:0` another's), a kind (`cuda`
                of any machine, `gpu-a/cuda`), or a machine (`gpu-a`).
        """
        if wanted in {self.id, self.kind}:
            return True
        return bool(self.machine) and wanted in {self.machine, f"{self.machine}/{self.kind}"}


def is_device(name: str) -> bool:
    """Return whether a name is one of a device of one machine."""
    return re.fullmatch(DEVICE, name) is not None and not name.endswith("\n")


def named_devices(names: Sequence[str]) -> list[Device]:
    """Return the devices that a setting names, each once."""
    ids = dict.fromkeys("cuda:0" if name == "cuda" else name for name in names)
    return [Device(id_, processor_name() if id_.startswith(CPU) else "") for id_ in ids]


def find_devices() -> list[Device]:
    """Return the accelerators that torch finds, and the processor last.

    Takes seconds if there may be accelerators: a process imports torch to look for them.

    Raises:
        Blocked: Torch is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        raise Blocked(
            "Local models need torch, which is not installed.",
            reason="backend",
            remedy=f"Run: {install_command(extra='local')}",
        )
    accelerators = _ask_torch() if _may_have_accelerators() else []
    if not accelerators and _may_have_accelerators():
        log.warning("torch finds no accelerator, although there seems to be one")
    return [*accelerators, Device(CPU, processor_name())]


def _may_have_accelerators() -> bool:
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    return any(any(Path("/").glob(sign.lstrip("/"))) for sign in _SIGNS)


def _ask_torch() -> list[Device]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_tell_devices, args=(theirs,), daemon=True)
    with spawning():
        process.start()
    theirs.close()
    try:
        if not ours.poll(FIND_SECONDS):
            return []
        return [Device(*fields) for fields in ours.recv()]
    except EOFError:  # torch could not be imported, or a driver crashed it
        return []
    finally:
        process.kill()
        process.join()
        ours.close()


def _tell_devices(pipe: Connection) -> None:
    settle(1)
    import torch

    devices: list[tuple[str, str, int]] = []
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            known = torch.cuda.get_device_properties(number)
            devices.append((f"cuda:{number}", str(known.name), int(known.total_memory)))
    elif torch.backends.mps.is_available():
        devices.append(("mps", processor_name(), int(torch.mps.recommended_max_memory())))
    pipe.send(devices)


def processor_name() -> str:
    """Return the name of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
