"""A tiny checkpoint of ImageReward, with the names of BLIP's first code."""

from pathlib import Path
from typing import Any

from tests.support.tiny_models.clip import head_layers
from tests.support.tiny_models.vision_language import bert_tokenizer

WIDTH = 64
"""One head of attention, which is 64 wide in every BLIP."""

_INNER, _PATCH, _SIDE, _LAYERS, _VISION_WIDTH = 96, 8, 32, 2, 128


def checkpoint(file: Path, tokenizer_folder: Path) -> Path:
    """Saves the checkpoint, and BERT's tokenizer to a folder."""
    import torch

    torch.manual_seed(9)
    tokenizer = bert_tokenizer()
    tokenizer.save_pretrained(tokenizer_folder)
    shapes = {**_vision(), **_text(len(tokenizer))}
    state: dict[str, Any] = {}
    for name, shape in shapes.items():
        is_scale = "norm" in name.lower() and name.endswith("weight")
        state[name] = torch.randn(shape) * 0.2 + (1.0 if is_scale else 0.0)
    state["blip.text_encoder.embeddings.position_ids"] = torch.arange(64)[None]
    state |= {f"mlp.layers.{name}": value for name, value in head_layers(WIDTH, 2).items()}
    torch.save(state, file)
    return file


def _vision() -> dict[str, tuple[int, ...]]:
    w = _VISION_WIDTH
    found: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, w),
        "pos_embed": (1, 1 + (_SIDE // _PATCH) ** 2, w),
        "patch_embed.proj.weight": (w, 3, _PATCH, _PATCH),
        "patch_embed.proj.bias": (w,),
        **_affine("norm", w),
    }
    for number in range(_LAYERS):
        at = f"blocks.{number}"
        found |= {
            **_affine(f"{at}.norm1", w),
            **_affine(f"{at}.norm2", w),
            **_affine(f"{at}.attn.qkv", 3 * w, w),
            **_affine(f"{at}.attn.proj", w, w),
            **_affine(f"{at}.mlp.fc1", _INNER, w),
            **_affine(f"{at}.mlp.fc2", w, _INNER),
        }
    return {f"blip.visual_encoder.{name}": shape for name, shape in found.items()}


def _text(words: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (words, WIDTH),
        "embeddings.position_embeddings.weight": (64, WIDTH),
        **_affine("embeddings.LayerNorm", WIDTH),
    }
    for number in range(_LAYERS):
        at = f"encoder.layer.{number}"
        for kind, seen in (("attention", WIDTH), ("crossattention", _VISION_WIDTH)):
            found |= {
                **_affine(f"{at}.{kind}.self.query", WIDTH, WIDTH),
                **_affine(f"{at}.{kind}.self.key", WIDTH, seen),
                **_affine(f"{at}.{kind}.self.value", WIDTH, seen),
                **_affine(f"{at}.{kind}.output.dense", WIDTH, WIDTH),
                **_affine(f"{at}.{kind}.output.LayerNorm", WIDTH),
            }
        found |= {
            **_affine(f"{at}.intermediate.dense", _INNER, WIDTH),
            **_affine(f"{at}.output.dense", WIDTH, _INNER),
            **_affine(f"{at}.output.LayerNorm", WIDTH),
        }
    return {f"blip.text_encoder.{name}": shape for name, shape in found.items()}


def _affine(name: str, *weight: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": weight, f"{name}.bias": weight[:1]}
