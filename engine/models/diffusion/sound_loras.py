"""LoRAs of sound pipelines, which have no loader of their own: peft puts them into the layers."""

import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.models.diffusion.adapters import Loras
from engine.models.diffusion.lora_peft import is_peft, peft_updates
from engine.models.diffusion.lora_stable_audio_3 import is_stable_audio_3, stable_audio_3_updates
from engine.models.diffusion.lora_updates import LayerUpdate, check_one_kind, check_tensors, unfit
from engine.models.diffusion.options import LoraFile

COMPONENTS = ("transformer", "projection_model", "duration_embedder", "unet")
"""Parts of a pipeline that a LoRA may change."""


class InjectedLoras(Loras):
    """LoRAs in the layout of PEFT or of Stable Audio 3, in the layers of a pipeline.

    Args:
        pipe: The pipeline.
        find: Returns the file of a LoRA by its place in the settings, from 1.
    """

    def __init__(self, pipe: Any, find: Callable[[int, LoraFile], Path]) -> None:
        super().__init__()
        self._parts = {
            name: part for name in COMPONENTS if (part := getattr(pipe, name, None)) is not None
        }
        self._find_file = find

    def _find(self, number: int, lora: LoraFile) -> Path:
        return self._find_file(number, lora)

    def _add(self, file: Path, name: str) -> None:
        updates = updates_of(file, self._modules())
        for component, part in self._parts.items():
            prefix = f"{component}."
            of_part = {
                layer.removeprefix(prefix): update
                for layer, update in updates.items()
                if layer.startswith(prefix)
            }
            if of_part:
                _inject(part, name, of_part)

    def _activate(self, names: list[str], weights: list[float]) -> None:
        for part in self._parts.values():
            _peft_utils().set_weights_and_activate_adapters(part, names, weights)

    def _remove_all(self) -> None:
        for part in self._parts.values():
            _peft_utils().recurse_remove_peft_layers(part)
            if hasattr(part, "peft_config"):
                del part.peft_config

    def _modules(self) -> dict[str, Any]:
        """Return the layers by name, with those that peft has wrapped as they were."""
        return {
            f"{component}.{name}": getattr(module, "base_layer", module)
            for component, part in self._parts.items()
            for name, module in part.named_modules()
        }


def _peft_utils() -> Any:
    """Return functions of the library, which have no types."""
    from diffusers.utils import peft_utils

    return peft_utils


def updates_of(file: Path, modules: Mapping[str, Any]) -> dict[str, LayerUpdate]:
    """Return a LoRA's updates by the names of the layers, the component first.

    Args:
        file: A safetensors file.
        modules: Modules of the pipeline by their names.

    Raises:
        Permanent: It is no LoRA of these layouts, or for another model.
        Exception: The file is damaged; the library's own.
    """
    from safetensors import safe_open

    if file.suffix != ".safetensors":
        raise unfit(file.name, "is not in the safetensors format")
    with safe_open(file, framework="pt", device="cpu") as stream:
        metadata = stream.metadata() or {}
        tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118 - no dict
    check_tensors(file.name, tensors)
    if is_stable_audio_3(tensors):
        updates = stable_audio_3_updates(file.name, tensors, metadata, modules)
    elif is_peft(tensors):
        updates = peft_updates(file, tensors, metadata, modules)
    else:
        raise unfit(
            file.name,
            "has neither the layout of PEFT nor that of Stable Audio 3; those of LoRAW are for "
            "the backend stable-audio",
        )
    check_one_kind(file.name, updates)
    return updates


def _inject(part: Any, name: str, updates: Mapping[str, LayerUpdate]) -> None:
    """Put updates into the layers of one part of a pipeline."""
    from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict

    ranks = {f"^{re.escape(layer)}": update.rank for layer, update in updates.items()}
    most = max(ranks.values())
    config = LoraConfig(
        r=most,
        lora_alpha=most,  # the scale is in the updates
        rank_pattern=ranks,
        alpha_pattern=ranks,
        target_modules="|".join(re.escape(layer) for layer in updates),
        use_dora=next(iter(updates.values())).magnitude is not None,
        init_lora_weights=False,
    )
    layers = dict(part.named_modules())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # peft's, about several LoRAs at once
        inject_adapter_in_model(config, part, name)
    state = {
        f"{layer}.{key}": tensor
        for layer, update in updates.items()
        for key, tensor in _state(update, layers[layer]).items()
    }
    result: Any = set_peft_model_state_dict(part, state, name)
    if result.unexpected_keys:
        raise ValueError(f"unexpected {result.unexpected_keys[0]}")
    part.requires_grad_(requires_grad=False)


def _state(update: LayerUpdate, module: Any) -> dict[str, Any]:
    """Return the tensors of an update in the shapes that peft has for a layer."""
    base = getattr(module, "base_layer", module)
    down, up, magnitude = update.down, update.up, update.magnitude
    if base.weight.ndim == 3:
        down, up = down.reshape(-1, *base.weight.shape[1:]), up[..., None]
        magnitude = None if magnitude is None else magnitude[None, :, None]
    state = {"lora_A.weight": down, "lora_B.weight": up}
    if magnitude is not None:
        state["lora_magnitude_vector"] = magnitude
    return state
