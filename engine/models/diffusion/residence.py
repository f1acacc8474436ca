"""Pipelines on a device: the memory that they take, and leaving it if memory is short."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any


class ResidentPipelines(ABC):
    """A model of one or several pipelines, which may share parts.

    Args:
        device: Device for torch.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._is_offloaded = False

    @abstractmethod
    def _pipes(self) -> list[Any]:
        """Return the pipelines that are loaded."""

    def size(self) -> int:
        """Return the bytes that its weights now take on the device."""
        import torch

        kind = torch.device(self._device).type
        tensors = {id(tensor): tensor for tensor in self._tensors() if tensor.device.type == kind}
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())

    def offload(self) -> None:
        """Keep only the active part on the device; the others wait in main memory."""
        if self._device == "cpu":
            return
        self._is_offloaded = True
        for pipe in self._pipes():
            pipe.enable_model_cpu_offload(device=self._device)

    def restore(self) -> None:
        """Move everything back to the device."""
        self._is_offloaded = False
        for pipe in self._pipes():
            pipe.remove_all_hooks()
            pipe.to(self._device)

    def _before_call(self, pipe: Any) -> None:
        if self._is_offloaded:
            pipe.enable_model_cpu_offload(device=self._device)

    def _after_interrupt(self) -> None:
        for pipe in self._pipes():
            pipe.maybe_free_model_hooks()

    def _tensors(self) -> Iterator[Any]:
        import torch

        for pipe in self._pipes():
            for part in pipe.components.values():
                if isinstance(part, torch.nn.Module):
                    yield from part.parameters()
                    yield from part.buffers()
