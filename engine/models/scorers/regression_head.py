"""Small head of the aesthetic predictor and ImageReward: five affine layers.

To 1024, 128, 64, 16 and 1 numbers, with dropout between the first four while it is trained and no
activation anywhere.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.contract.errors import Blocked

if TYPE_CHECKING:
    from torch import Tensor

_LAYERS = (0, 2, 4, 6, 7)
"""Indices of the affine layers in the checkpoints; those between are dropout."""


class RegressionHead:
    """The head, in float32 on the CPU, since it is small.

    Args:
        tensors: `layers.N.weight` and `layers.N.bias` for each of the five.
        name: Name of their file, for errors.

    Raises:
        Blocked: The file holds something else.
    """

    def __init__(self, tensors: Mapping[str, Any], name: str) -> None:
        names = {f"layers.{number}.{part}" for number in _LAYERS for part in ("weight", "bias")}
        if set(tensors) != names:
            raise Blocked(
                f"{name} holds no head of the layers that are expected.",
                reason="weights",
                remedy="Use the file that its authors published, or a head of the same layers.",
            )
        self.layers: list[tuple[Tensor, Tensor]] = [
            (tensors[f"layers.{n}.weight"].float(), tensors[f"layers.{n}.bias"].float())
            for n in _LAYERS
        ]

    def __call__(self, features: "Tensor") -> "Tensor":
        """Return the scores of features of shape (n, d), as shape (n,)."""
        import torch

        for weight, bias in self.layers:
            features = torch.nn.functional.linear(features, weight, bias)
        return features.squeeze(-1)
