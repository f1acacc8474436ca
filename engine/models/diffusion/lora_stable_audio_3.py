"""LoRAs that the training of Stable Audio 3 saves: safetensors with `lora_config` as metadata.

A layer is named as in https://github.com/Stability-AI/stable-audio-3 and has, below
`parametrizations.weight.0`, `lora_A` (rank, in) and `lora_B` (out, rank), or for the types that end
in `-xs` the core `M_xs` (rank, rank) between the singular vectors of the layer's own weight; and
`magnitude` if it is decomposed. `lora_config` has rank, alpha and adapter_type. The models of
diffusers name the layers otherwise, and order the parts of a joint projection otherwise.
"""

import json
import re
from collections.abc import Mapping
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

METADATA = "lora_config"
"""Key of the metadata that has the configuration."""

ROWS = frozenset({"lora", "dora-rows", "lora-xs", "dora-rows-xs"})
"""Adapter types that an update with one magnitude per output can express."""

_MARK = ".parametrizations.weight."
_KEY = re.compile(
    r"(?P<layer>[\w.]{1,400}?)\.parametrizations\.weight\.0\."
    r"(?P<part>lora_A|lora_B|M_xs|magnitude|magnitude_r|magnitude_c)"
)
_PARTS = {"lora_A": "down", "lora_B": "up", "M_xs": "core"}
_RENAMED = (
    (re.compile(r"^(?:model\.)*transformer\.layers\."), "transformer.transformer_blocks."),
    (re.compile(r"^(?:model\.)*transformer\.project_(in|out)$"), r"transformer.proj_\1"),
    (re.compile(r"^(?:model\.)*transformer\."), "transformer."),
    (
        re.compile(r"^(?:conditioner\.)?conditioners\.seconds_total\.embedder\.embedding\.1$"),
        "duration_embedder.linear",
    ),
    (re.compile(r"^(?:model\.)*(?=to_|preprocess_conv$|postprocess_conv$)"), "transformer."),
)
"""Beginnings of names and what diffusers calls them; the first that fits counts."""

_INNER = ((".ff.ff.0.proj", ".ff.proj_in"), (".ff.ff.2", ".ff.proj_out"))
_QKV = ".self_attn.to_qkv"


def is_stable_audio_3(tensors: Mapping[str, Any]) -> bool:
    """Return True if the names are those of Stable Audio 3's training."""
    return any(_MARK in key for key in tensors)


def stable_audio_3_updates(
    name: str, tensors: Mapping[str, Any], metadata: Mapping[str, str], modules: Mapping[str, Any]
) -> dict[str, LayerUpdate]:
    """Return a LoRA's updates by the names of the layers in a pipeline of diffusers.

    Args:
        name: Name of its file.
        tensors: Its tensors by their names.
        metadata: Metadata of the file.
        modules: Modules of the pipeline by their names, the component first.

    Raises:
        Permanent: It is not whole, of a type that is not known here, or for another model.
    """
    config = _config(name, metadata)
    layers: dict[str, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise unfit(name, f"holds {quoted(key)}, which is no part of a LoRA")
        part = _PARTS.get(match["part"], match["part"])
        layers.setdefault(match["layer"], {})[part] = tensor.float()
    updates: dict[str, LayerUpdate] = {}
    for layer, parts in layers.items():
        place = renamed(layer)
        module = modules.get(place)
        _refuse_columns(name, config, parts)
        updates[place] = _update(name, layer, module, parts, config)
    return updates


def renamed(layer: str) -> str:
    """Return the name of a layer in a pipeline of diffusers, the component first."""
    for pattern, other in _RENAMED:
        if pattern.search(layer):
            layer = pattern.sub(other, layer)
            break
    for old, new in _INNER:
        layer = layer.replace(old, new)
    return layer


def _config(name: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    try:
        config = json.loads(metadata.get(METADATA, "{}"))
    except (ValueError, RecursionError):
        raise unfit(name, f"has metadata {METADATA} that is not JSON") from None
    if not isinstance(config, dict):
        raise unfit(name, f"has metadata {METADATA} that is not an object")
    return config


def _refuse_columns(name: str, config: Mapping[str, Any], parts: Mapping[str, Any]) -> None:
    """Refuse types with a magnitude per input, which no pipeline of diffusers can express."""
    kind = config.get("adapter_type", "lora")
    magnitude = parts.get("magnitude")
    of_inputs = magnitude is not None and magnitude.ndim == 2 and magnitude.shape[0] == 1
    if kind == "dora" and not of_inputs:
        return
    if kind not in ROWS or of_inputs:
        known = ", ".join(sorted(ROWS))
        raise unfit(name, f"is of the type {quoted(str(kind))}; there are {known}")


def _update(
    name: str, layer: str, module: Any, parts: dict[str, Any], config: Mapping[str, Any]
) -> LayerUpdate:
    rank = _rank(name, parts, config)
    scale = checked_number(name, "alpha", config.get("alpha", rank), MAX_ALPHA) / rank
    if _is_differential(layer, module):
        for part in ("up", "magnitude"):
            if parts.get(part) is not None and parts[part].shape[0] == module.weight.shape[0]:
                parts[part] = _reordered(parts[part])
    if "core" in parts and module is not None:
        parts |= _between_singular_vectors(name, layer, module, parts["core"])
    return whole_update(name, layer, module, parts, scale)


def _rank(name: str, parts: Mapping[str, Any], config: Mapping[str, Any]) -> float:
    first = parts.get("down", parts.get("core"))
    of_tensor = 1 if first is None else int(first.shape[0])
    return checked_number(name, "rank", config.get("rank", of_tensor), MAX_RANK)


def _is_differential(layer: str, module: Any) -> bool:
    if module is None or not layer.endswith(_QKV):
        return False
    return int(module.weight.shape[0]) == 5 * int(module.weight.shape[1])


def _reordered(rows: Any) -> Any:
    """Return the rows of [q, k, v, q2, k2] as [q, q2, k, k2, v]."""
    import torch

    q, k, v, q2, k2 = rows.chunk(5)
    return torch.cat([q, q2, k, k2, v])


def _between_singular_vectors(name: str, layer: str, module: Any, core: Any) -> dict[str, Any]:
    """Return the parts of an update by a core between the first singular vectors of a weight.

    The largest entry of each left vector is positive, as the training has it.
    """
    import torch

    weight = module.weight.detach().float().cpu()
    weight = weight.reshape(weight.shape[0], -1)
    rank = core.shape[0]
    if core.ndim != 2 or core.shape[1] != rank or rank > min(weight.shape):
        raise unfit(name, f"is for another model: {quoted(layer)} of this one has another shape")
    left, _, right = torch.linalg.svd(weight, full_matrices=False)
    signs = left[left.abs().argmax(dim=0), torch.arange(left.shape[1])].sign()
    signs[signs == 0] = 1
    left, right = left * signs, right * signs[:, None]
    return {"down": right[:rank], "up": left[:, :rank] @ core}
