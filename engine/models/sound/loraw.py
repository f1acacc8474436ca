"""LoRAs in the layout of LoRAW (https://github.com/NeuralNotW0rk/LoRAW), read as plain tensors.

A layer is named by its path in the model with `/` for `.`, and has `lora_down.weight` (rank, in)
and `lora_up.weight` (out, rank), for a convolution with the kernel behind them, and `dora_mag`
(out, 1) if the weight was decomposed (https://arxiv.org/abs/2402.09353). ComfyUI's form of the same
has `lora_unet_` in front, `_` for `.`, and `dora_scale`. Its alpha is in no LoRAW file: the scale,
alpha by rank, comes from the configuration of the training run.

What LoRAW's own loader does wrong is done right here: a weight counts once and not squared, the
magnitude is the file's and not a copy of `lora_down`, the scale follows the rank of the file, and a
dictionary under `state_dict` is taken as well as a bare one. bitsandbytes is not needed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.models.sound.model_config import LoraConfig
from engine.text.terminal import quoted

MAX_LAYERS = 10_000

_KEY = re.compile(
    r"(?P<layer>[\w./-]{1,400}?)[./](?P<part>lora_down|lora_up|dora_mag|dora_scale|alpha)"
    r"(?:\.(?P<kind>weight|bias))?"
)
_COMFYUI = "lora_unet_"


class LoraError(ValueError):
    """A file that is not a LoRA of this layout; the message ends a sentence that names it."""


@dataclass(frozen=True, slots=True)
class LoraLayer:
    """Weights of a LoRA for one layer.

    Attributes:
        down: Of shape (rank, in) or (rank, in, kernel).
        up: Of shape (out, rank) or (out, rank, 1).
        magnitude: Of shape (out,) if the weight was decomposed (DoRA), else None.
        alpha: Its alpha, if the file states it, else None.
    """

    down: Any
    up: Any
    magnitude: Any = None
    alpha: float | None = None

    @property
    def rank(self) -> int:
        """Rank of the update."""
        return int(self.down.shape[0])


def is_lora(tensors: Mapping[str, Any]) -> bool:
    """Return True if the names are those of a LoRA of this layout."""
    return any(name.endswith("lora_down.weight") for name in tensors)


def read_layers(tensors: Mapping[str, Any]) -> dict[str, LoraLayer]:
    """Return the layers of a LoRA by their names, as they stand in the file.

    Args:
        tensors: Tensors by name, as `load_tensors` returns them.

    Raises:
        LoraError: They are no whole LoRA.
    """
    parts: dict[str, dict[str, Any]] = {}
    for key, value in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise LoraError(f"holds {quoted(key)}, which is no part of a LoRA")
        if match["part"] == "dora_mag" and match["kind"] == "bias":
            continue  # of the module that holds the magnitude; it takes no part in anything
        parts.setdefault(match["layer"], {})[match["part"]] = value
    if not 0 < len(parts) <= MAX_LAYERS:
        raise LoraError(f"holds {len(parts)} layers")
    return {layer: _layer(layer, values) for layer, values in parts.items()}


def _layer(name: str, values: Mapping[str, Any]) -> LoraLayer:
    down, up = values.get("lora_down"), values.get("lora_up")
    if down is None or up is None:
        missing = "lora_down" if down is None else "lora_up"
        raise LoraError(f"has no {missing} for {quoted(name)}")
    for part, value in values.items():
        _refuse_odd(f"{part} of {quoted(name)}", value)
    if down.ndim not in {2, 3} or up.ndim != down.ndim or up.shape[1] != down.shape[0]:
        shapes = f"{tuple(down.shape)} and {tuple(up.shape)}"
        raise LoraError(f"has shapes for {quoted(name)} that do not fit each other: {shapes}")
    magnitude = values.get("dora_mag", values.get("dora_scale"))
    if magnitude is not None:
        magnitude = magnitude.reshape(-1)
        if down.ndim != 2 or magnitude.shape != up.shape[:1]:
            raise LoraError(f"has a magnitude for {quoted(name)} that does not fit it")
    alpha = values.get("alpha")
    return LoraLayer(down, up, magnitude, None if alpha is None else float(alpha.reshape(-1)[0]))


def _refuse_odd(what: str, value: Any) -> None:
    import torch

    if not isinstance(value, torch.Tensor) or not value.is_floating_point() or not value.numel():
        raise LoraError(f"has no tensor of numbers as {what}")
    if not bool(torch.isfinite(value).all()):
        raise LoraError(f"has values that are no numbers in {what}")


def names_in(model: Any, layers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the modules of a model that layers belong to, by the layers' names.

    Args:
        model: The whole model, a module of torch.
        layers: Layers by their names in the file.

    Raises:
        LoraError: The model lacks one of them.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    joined = {name.replace(".", "_"): module for name, module in modules.items()}
    result: dict[str, Any] = {}
    for layer in layers:
        if layer.startswith(_COMFYUI):
            short = layer.removeprefix(_COMFYUI)
            places = (short, f"model_{short}", f"model_model_{short}")
            module = next((joined[place] for place in places if place in joined), None)
        else:
            path = layer.replace("/", ".")
            places = (path, f"model.{path}", f"model.model.{path}")
            module = next((modules[place] for place in places if place in modules), None)
        if module is None:
            raise LoraError(f"is for another model: this one has no layer {quoted(layer)}")
        result[layer] = module
    return result


def scales_of(
    layers: Mapping[str, LoraLayer], config: LoraConfig | None, alpha: float | None = None
) -> dict[str, float]:
    """Return the scale of each layer: alpha by rank.

    LoRAW divides by the rank of the training run also in layers that are smaller and have a lower
    one. If the file has another rank than the configuration, it was trained, or resized, with
    another configuration, and its own rank counts.

    Args:
        layers: The layers.
        config: Section `lora` of the training run, if it is known.
        alpha: Alpha that replaces the configuration's.

    Raises:
        LoraError: Nothing states alpha.
    """
    if alpha is None and config is not None:
        alpha = config.alpha or (config.rank or _rank_of(layers))
    scales: dict[str, float] = {}
    for name, layer in layers.items():
        if layer.alpha is not None:
            scales[name] = layer.alpha / layer.rank
            continue
        if alpha is None:
            raise LoraError(
                "does not state its alpha: name the configuration of its training run (config), or "
                "its alpha"
            )
        scales[name] = alpha / _divisor(layers, config)
    return scales


def _rank_of(layers: Mapping[str, LoraLayer]) -> int:
    return max(layer.rank for layer in layers.values())


def _divisor(layers: Mapping[str, LoraLayer], config: LoraConfig | None) -> int:
    stated = config.rank if config else None
    if stated is None:
        return _rank_of(layers)
    fits = all(
        layer.rank == min(stated, int(layer.down.shape[1]), int(layer.up.shape[0]))
        for layer in layers.values()
        if layer.down.ndim == 2
    ) and all(layer.rank == stated for layer in layers.values() if layer.down.ndim == 3)
    return stated if fits else _rank_of(layers)
