"""LoRAs as plain updates of the layers of a pipeline, whatever layout their file has.

A file is data: its names have to be those of layers, its shapes theirs, its numbers finite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.contract import Permanent
from engine.text.terminal import quoted

MAX_LAYERS = 10_000
MAX_RANK = 2048
MAX_ALPHA = 1e6
"""Bounds of what a file may hold."""


@dataclass(frozen=True, slots=True)
class LayerUpdate:
    """Update of one layer, `up @ down`, with the scale of the file in it.

    Attributes:
        down: Of shape (rank, in), for a convolution the inputs of all taps.
        up: Of shape (out, rank).
        magnitude: Of shape (out,) if the update is decomposed (DoRA,
            https://arxiv.org/abs/2402.09353), else None.
    """

    down: Any
    up: Any
    magnitude: Any = None

    @property
    def rank(self) -> int:
        """Rank of the update."""
        return int(self.down.shape[0])


def unfit(name: str, problem: str) -> Permanent:
    """Return an error about a LoRA that cannot be used.

    Args:
        name: Name of its file.
        problem: The problem, as the end of a sentence.
    """
    return Permanent(
        f"The LoRA {quoted(name)} {problem}.", remedy="Use one that was trained for this model."
    )


def checked_number(name: str, what: str, value: Any, most: float) -> float:
    """Return a positive number of a file.

    Raises:
        Permanent: It is not one, or beyond a bound.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise unfit(name, f"has no number from 0 to {most:g} as its {what}")
    return float(value)


def check_tensors(name: str, tensors: Mapping[str, Any]) -> None:
    """Refuse tensors that are not numbers.

    Raises:
        Permanent: Some are of whole numbers, empty, infinite or not numbers; or there are too many.
    """
    import torch

    if not 0 < len(tensors) <= 4 * MAX_LAYERS:
        raise unfit(name, f"holds {len(tensors)} tensors")
    for key, tensor in tensors.items():
        if not tensor.is_floating_point() or not tensor.numel():
            raise unfit(name, f"has no tensor of numbers as {quoted(key)}")
        if not bool(torch.isfinite(tensor).all()):
            raise unfit(name, f"has values that are no numbers in {quoted(key)}")


def whole_update(
    name: str, layer: str, module: Any, parts: Mapping[str, Any], scale: float
) -> LayerUpdate:
    """Return the update of a layer from the tensors of a file.

    Args:
        name: Name of the file.
        layer: Name of the layer, for errors.
        module: The layer; None if the model has none of this name.
        parts: `down`, `up` and, for a decomposed update, `magnitude`.
        scale: Alpha by rank.

    Raises:
        Permanent: They are not whole, or for another model.
    """
    import torch

    if not isinstance(module, torch.nn.Linear | torch.nn.Conv1d):
        raise unfit(name, f"is for another model: this one has no layer {quoted(layer)}")
    down, up = parts.get("down"), parts.get("up")
    if down is None or up is None:
        missing = "down" if down is None else "up"
        raise unfit(name, f"is not whole: the {missing} part of {quoted(layer)} is missing")
    down, up = (part.float().reshape(part.shape[0], -1) for part in (down, up))
    outputs = int(module.weight.shape[0])
    inputs = module.weight.numel() // outputs
    if (down.shape[1], up.shape[0]) != (inputs, outputs) or down.shape[0] != up.shape[1]:
        raise unfit(name, f"is for another model: {quoted(layer)} of this one has another shape")
    if down.shape[0] > MAX_RANK:
        raise unfit(name, f"has a rank over {MAX_RANK}")
    magnitude = parts.get("magnitude")
    if magnitude is not None:
        magnitude = magnitude.float().reshape(-1)
        if magnitude.shape[0] != outputs:
            raise unfit(name, f"has a magnitude of {quoted(layer)} that is not one per output")
    return LayerUpdate(down, up * scale, magnitude)


def check_one_kind(name: str, updates: Mapping[str, LayerUpdate]) -> None:
    """Refuse a LoRA of which some layers are decomposed and others are not.

    Raises:
        Permanent: It is one.
    """
    if len({update.magnitude is None for update in updates.values()}) != 1:
        raise unfit(name, "is not whole: only some of its layers have a magnitude")
