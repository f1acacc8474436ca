"""LoRAs in the layout of PEFT, with or without the prefixes that PEFT and diffusers put before.

A layer has `lora_A.weight` (rank, in), `lora_B.weight` (out, rank) and, if it is decomposed,
`lora_magnitude_vector` (out,). Rank and alpha stand in the file's metadata (diffusers), in
`adapter_config.json` beside it (PEFT), or as a tensor `alpha` per layer; without any, alpha is the
rank, as in diffusers.
"""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.models.diffusion.lora_updates import (
    MAX_ALPHA,
    MAX_RANK,
    LayerUpdate,
    checked_number,
    unfit,
    whole_update,
)
from engine.text.terminal import quoted

METADATA = "lora_adapter_metadata"
"""Key of a file's metadata that has the settings, under names with a component before."""

CONFIG = "adapter_config.json"

_KEY = re.compile(
    r"(?:base_model\.model\.)?(?P<layer>[\w.]{1,400}?)\.(?P<part>lora_A|lora_B|"
    r"lora_magnitude_vector|alpha)(?:\.weight)?"
)
_PARTS = {"lora_A": "down", "lora_B": "up", "lora_magnitude_vector": "magnitude"}
_MAX_BYTES = 1 << 20


def is_peft(tensors: Mapping[str, Any]) -> bool:
    """Return True if the names are those of PEFT."""
    return any(".lora_A" in key and ".parametrizations." not in key for key in tensors)


def peft_updates(
    file: Path, tensors: Mapping[str, Any], metadata: Mapping[str, str], modules: Mapping[str, Any]
) -> dict[str, LayerUpdate]:
    """Return a LoRA's updates by the names of the layers.

    Args:
        file: Its file.
        tensors: Its tensors by their names.
        metadata: Metadata of the file.
        modules: Modules of the pipeline by their names, the component first.

    Raises:
        Permanent: It is not whole, or for another model.
    """
    settings = _settings(file, metadata)
    layers: dict[str, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise unfit(file.name, f"holds {quoted(key)}, which is no part of a LoRA")
        layers.setdefault(match["layer"], {})[_PARTS.get(match["part"], "alpha")] = tensor
    updates: dict[str, LayerUpdate] = {}
    for layer, parts in layers.items():
        place = layer if layer in modules else f"transformer.{layer}"
        scale = _scale(file.name, layer, parts, settings)
        updates[place] = whole_update(file.name, layer, modules.get(place), parts, scale)
    return updates


def _settings(file: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    text = metadata.get(METADATA, "")
    beside = file.with_name(CONFIG)
    try:
        if not text and beside.is_file() and beside.stat().st_size <= _MAX_BYTES:
            text = beside.read_text("utf-8")
        settings = json.loads(text) if text else {}
    except (OSError, ValueError, RecursionError):
        raise unfit(file.name, "has settings that are not JSON") from None
    if not isinstance(settings, dict):
        raise unfit(file.name, "has settings that are not an object")
    return {str(key).removeprefix("transformer."): value for key, value in settings.items()}


def _scale(name: str, layer: str, parts: Mapping[str, Any], settings: Mapping[str, Any]) -> float:
    """Return alpha by the rank, or by its root if the settings have it so."""
    stated, down = parts.get("alpha"), parts.get("down")
    alpha: Any = _of_layer(settings, "alpha_pattern", layer) or settings.get("lora_alpha")
    if stated is not None:
        alpha = float(stated.reshape(-1)[0])
    if alpha is None:
        return 1.0
    rank: Any = _of_layer(settings, "rank_pattern", layer) or settings.get("r")
    if rank is None:
        rank = 1 if down is None else int(down.shape[0])
    alpha = checked_number(name, "alpha", alpha, MAX_ALPHA)
    rank = checked_number(name, "rank", rank, MAX_RANK)
    return float(alpha / (math.sqrt(rank) if settings.get("use_rslora") is True else rank))


def _of_layer(settings: Mapping[str, Any], pattern: str, layer: str) -> Any:
    """Return a layer's entry of a table; names count, expressions of a file are not evaluated."""
    table = settings.get(pattern)
    if not isinstance(table, dict):
        return None
    for key, value in table.items():
        if isinstance(key, str) and f".{layer}".endswith(f".{key.lstrip('^')}"):
            return value
    return None
