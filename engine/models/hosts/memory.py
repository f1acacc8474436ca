"""Memory of a device, as seen from the process that works on it."""

import gc
import os
from pathlib import Path
from typing import Any, Protocol

_CGROUP_LIMITS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)
_OUT_OF_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "cannot allocate memory",
    "alloc_failed",
)
_DEVICE_GONE = ("cuda error", "hip error", "device-side assert")


class Memory(Protocol):
    """Memory of a device."""

    def total(self) -> int:
        """Return its size in bytes."""
        ...

    def used(self) -> int | None:
        """Return the bytes that this process holds on it; None if that cannot be measured."""
        ...

    def others(self) -> int:
        """Return the bytes that other programs hold on it, as far as that is known."""
        ...

    def release(self) -> None:
        """Release memory that no model holds any more."""
        ...


class ProcessorMemory:
    """The machine's main memory; models report their use of it themselves."""

    def total(self) -> int:
        """Return the bytes of the machine, or of the container if that has less."""
        return main_memory()

    def used(self) -> int | None:
        """Return None: the process holds its libraries as well as its models."""
        return None

    def others(self) -> int:
        """Return 0: it is unknown."""
        return 0

    def release(self) -> None:
        """Collect garbage."""
        gc.collect()


class AcceleratorMemory:
    """Memory of a GPU, by torch's own count.

    Args:
        device: Device for torch.
    """

    def __init__(self, device: str) -> None:
        import torch

        self._torch: Any = torch
        self._device = torch.device(device)
        self._is_cuda = self._device.type == "cuda"
        if self._is_cuda:
            torch.cuda.set_device(self._device)

    def total(self) -> int:
        """Return the bytes of the device."""
        if self._is_cuda:
            return int(self._torch.cuda.get_device_properties(self._device).total_memory)
        return int(self._torch.mps.recommended_max_memory())

    def used(self) -> int | None:
        """Return the bytes in tensors of this process."""
        if self._is_cuda:
            return int(self._torch.cuda.memory_allocated(self._device))
        return int(self._torch.mps.current_allocated_memory())

    def others(self) -> int:
        """Return the bytes that other programs hold on a CUDA device; unknown for others."""
        if not self._is_cuda:
            return 0
        free, total = self._torch.cuda.mem_get_info(self._device)
        return max(0, int(total - free - self._torch.cuda.memory_reserved(self._device)))

    def release(self) -> None:
        """Collect garbage and empty torch's cache."""
        gc.collect()
        (self._torch.cuda if self._is_cuda else self._torch.mps).empty_cache()


def memory_of(device: str) -> Memory:
    """Return the memory of a device; torch is imported for accelerators only."""
    return ProcessorMemory() if device.startswith("cpu") else AcceleratorMemory(device)


def main_memory() -> int:
    """Return the maximum main memory of this process in bytes."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in _CGROUP_LIMITS:
        try:
            text = Path(name).read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error is an out-of-memory error.

    Covers all forms that torch uses, those of the system, and that of safetensors for a file
    that cannot be mapped.
    """
    name = type(error).__name__
    if isinstance(error, MemoryError) or name == "OutOfMemoryError":
        return True
    may_say = isinstance(error, RuntimeError | OSError) or name == "SafetensorError"
    return may_say and _says(error, _OUT_OF_MEMORY)


def is_device_gone(error: BaseException) -> bool:
    """Return whether an error makes the device unusable for this process (CUDA context lost)."""
    return isinstance(error, RuntimeError) and _says(error, _DEVICE_GONE)


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(word in text for word in words)


def in_words(size: int) -> str:
    """Return bytes as words for a sentence."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**28 else f"{size / 2**20:.1f} MiB"
