"""BLIP's encoders from a checkpoint of its original code, whose parts have other names.

The sizes are read from the tensors themselves; heads are 64 wide, as in every published BLIP.
"""

import re
from collections.abc import Mapping
from typing import Any

from engine.models.weights.safe_load import fill, wrong_parts

_VISION = "blip.visual_encoder."
_TEXT = "blip.text_encoder."
_HEAD_WIDTH = 64

_NEEDED = {
    _VISION: ("patch_embed.proj.weight", "pos_embed", "blocks.0.mlp.fc1.weight"),
    _TEXT: (
        "embeddings.word_embeddings.weight",
        "embeddings.position_embeddings.weight",
        "encoder.layer.0.crossattention.self.key.weight",
        "encoder.layer.0.intermediate.dense.weight",
    ),
}
"""Tensors from which the sizes are read."""

_RENAMED = (
    (r"^cls_token$", "embeddings.class_embedding"),
    (r"^pos_embed$", "embeddings.position_embedding"),
    (r"^patch_embed\.proj\.", "embeddings.patch_embedding."),
    (r"^norm\.", "post_layernorm."),
    (r"^blocks\.(\d+)\.norm([12])\.", r"encoder.layers.\1.layer_norm\2."),
    (r"^blocks\.(\d+)\.attn\.qkv\.", r"encoder.layers.\1.self_attn.qkv."),
    (r"^blocks\.(\d+)\.attn\.proj\.", r"encoder.layers.\1.self_attn.projection."),
    (r"^blocks\.(\d+)\.mlp\.", r"encoder.layers.\1.mlp."),
)


def vision_encoder(tensors: Mapping[str, Any], name: str) -> Any:
    """Return a `BlipVisionModel` with the weights of `blip.visual_encoder`.

    Args:
        tensors: The checkpoint.
        name: Its name, for errors.

    Raises:
        Blocked: It has other parts.
    """
    from transformers import BlipVisionConfig, BlipVisionModel

    state = {_renamed(key): value for key, value in _part(tensors, _VISION, name).items()}
    patches = state["embeddings.patch_embedding.weight"]
    width, patch = int(patches.shape[0]), int(patches.shape[-1])
    side = round((state["embeddings.position_embedding"].shape[1] - 1) ** 0.5) * patch
    model = BlipVisionModel(
        BlipVisionConfig(
            hidden_size=width,
            intermediate_size=int(state["encoder.layers.0.mlp.fc1.weight"].shape[0]),
            num_hidden_layers=_count(state, r"encoder\.layers\.(\d+)\."),
            num_attention_heads=width // _HEAD_WIDTH,
            image_size=side,
            patch_size=patch,
            layer_norm_eps=1e-6,
        )
    )
    fill(model, state, name)
    return model


def text_encoder(tensors: Mapping[str, Any], name: str) -> Any:
    """Return a `BlipTextModel` with the weights of `blip.text_encoder`.

    Args:
        tensors: The checkpoint.
        name: Its name, for errors.

    Raises:
        Blocked: It has other parts.
    """
    from transformers import BlipTextConfig
    from transformers.models.blip.modeling_blip_text import BlipTextModel

    state = _part(tensors, _TEXT, name)
    state.pop("embeddings.position_ids", None)  # a constant, which newer code computes
    words = state["embeddings.word_embeddings.weight"]
    width = int(words.shape[1])
    config = BlipTextConfig(
        vocab_size=int(words.shape[0]),
        hidden_size=width,
        encoder_hidden_size=int(
            state["encoder.layer.0.crossattention.self.key.weight"].shape[1],
        ),
        intermediate_size=int(state["encoder.layer.0.intermediate.dense.weight"].shape[0]),
        num_hidden_layers=_count(state, r"encoder\.layer\.(\d+)\."),
        num_attention_heads=width // _HEAD_WIDTH,
        max_position_embeddings=int(state["embeddings.position_embeddings.weight"].shape[0]),
    )
    model = BlipTextModel(config, add_pooling_layer=False)
    fill(model, state, name)
    return model


def _part(tensors: Mapping[str, Any], prefix: str, name: str) -> dict[str, Any]:
    part = {
        key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
    }
    lacking = [key for key in _NEEDED[prefix] if key not in part]
    if lacking:
        raise wrong_parts(name, lacking[0])
    return part


def _renamed(name: str) -> str:
    for pattern, replacement in _RENAMED:
        name, changed = re.subn(pattern, replacement, name)
        if changed:
            break
    return name


def _count(state: Mapping[str, Any], pattern: str) -> int:
    """Return the number of layers: one more than the highest index."""
    matches = [re.match(pattern, name) for name in state]
    return 1 + max(int(match.group(1)) for match in matches if match)
