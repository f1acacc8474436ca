"""Modules on a device, which they leave between two tasks if memory is short."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch
    from torch.nn import Module

Precision = Literal["auto", "fp32", "fp16", "bf16"]
"""Precision of weights; `auto` is bf16 if a CUDA device computes in it, else fp32."""


class DeviceModule:
    """A module and the device that it works on.

    Attributes:
        module: The module, in evaluation mode.
        device: Device for torch.
        visits: True if it is on the device only while it works.
    """

    def __init__(self, module: "Module", device: str, batch: int = 1) -> None:
        self.module = module.eval().requires_grad_(requires_grad=False).to(device)
        self.device = device
        self.visits = False
        self._batch = batch

    @property
    def batch(self) -> int:
        """Number of images or texts to process at once: one if memory is short."""
        return 1 if self.visits else self._batch

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Be on the device for the length of the block, without gradients."""
        import torch

        self._enter()
        try:
            with torch.inference_mode():
                yield
        finally:
            self._leave()

    def _enter(self) -> None:
        if self.visits:
            self.module.to(self.device)

    def _leave(self) -> None:
        if self.visits:
            self.module.to("cpu")

    def leave(self) -> None:
        """Be on the device only while working from now on."""
        self.visits = True
        self.module.to("cpu")

    def stay(self) -> None:
        """Stay on the device again."""
        self.visits = False
        self.module.to(self.device)

    def size(self) -> int:
        """Return the bytes of its weights that are now on its device."""
        import torch

        there = torch.device(self.device).type
        tensors = [*self.module.parameters(), *self.module.buffers()]
        return sum(t.numel() * t.element_size() for t in tensors if t.device.type == there)


class ResidentModules(ABC):
    """A model of several modules on a device."""

    def size(self) -> int:
        """Return the bytes that the weights now take on the device."""
        return sum(device_module.size() for device_module in self._device_modules())

    def offload(self) -> None:
        """Keep only the working module on the device from now on."""
        for device_module in self._device_modules():
            device_module.leave()

    def restore(self) -> None:
        """Move everything back to the device, to stay there."""
        for device_module in self._device_modules():
            device_module.stay()

    @abstractmethod
    def _device_modules(self) -> list[DeviceModule]:
        """Return every module once."""


def settled(precision: Precision, device: str) -> Precision:
    """Return a precision, with `auto` resolved for a device."""
    import torch

    if precision != "auto":
        return precision
    on_cuda = torch.device(device).type == "cuda"
    return "bf16" if on_cuda and torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"


def dtype_of(precision: Precision) -> "torch.dtype":
    """Return torch's type for a resolved precision."""
    import torch

    return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[precision]
