"""A tiny model of torch, for hosts."""

import json
from collections.abc import Sequence
from typing import Any

from engine.contract import BatchReporter, LoadContext, ModelKey, Task

WIDTH = 8


class Layer:
    """One linear layer with fixed weights."""

    most = 16

    def __init__(self, seed: int, device: str) -> None:
        import torch

        self.torch = torch
        generator = torch.Generator().manual_seed(seed)
        self.weights = torch.randn(WIDTH, WIDTH, generator=generator).to(device)

    def run(
        self, operation: str, payloads: Sequence[Any], reporter: BatchReporter
    ) -> Sequence[Any]:
        if operation == "threads":
            return [self.torch.get_num_threads() for _ in payloads]
        given = self.torch.tensor(payloads, device=self.weights.device)
        return [row.tolist() for row in given @ self.weights]

    def size(self) -> int:
        return int(self.weights.numel() * self.weights.element_size())

    def offload(self) -> None:
        self.weights = self.weights.cpu()

    def close(self) -> None:
        del self.weights


def load(options: str, place: LoadContext) -> Layer:
    """Loads the layer."""
    return Layer(json.loads(options)["seed"], place.device)


def task(operation: str, payload: Any = None) -> Task:
    """A task for it."""
    return Task(ModelKey(f"{__name__}:load", '{"seed": 1}', "layer"), operation, payload)
