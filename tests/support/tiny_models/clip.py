"""Tiny CLIP models, of transformers and of open_clip."""

import json
from pathlib import Path
from typing import Any

from tests.support.tiny_pipelines import clip_tokenizer

OPENAI_MEAN = [0.48145466, 0.4578275, 0.40821073]
OPENAI_STD = [0.26862954, 0.26130258, 0.27577711]


def of_transformers(
    folder: Path,
    *,
    seed: int = 0,
    side: int = 32,
    patch: int = 8,
    width: int = 32,
    layers: int = 2,
) -> Path:
    """A CLIP model of transformers with its processor, as PickScore is published."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    tokenizer = clip_tokenizer()
    words = len(tokenizer)
    tower = {
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
    }
    torch.manual_seed(seed)
    model = CLIPModel(
        CLIPConfig(
            text_config={
                **tower,
                "vocab_size": words,
                "max_position_embeddings": 77,
                "bos_token_id": words - 2,
                "eos_token_id": words - 1,
                "pad_token_id": words - 1,
            },
            vision_config={**tower, "image_size": side, "patch_size": patch},
            projection_dim=16,
        )
    )
    model.logit_scale.data.fill_(4.6052)  # 100, as trained models have it, not the initial value
    model.save_pretrained(folder)
    CLIPProcessor(
        image_processor=CLIPImageProcessor(
            size={"shortest_edge": side}, crop_size={"height": side, "width": side}
        ),
        tokenizer=tokenizer,
    ).save_pretrained(folder)
    return folder


def open_clip_config(
    side: int = 32, patch: int = 8, width: int = 32, layers: int = 2
) -> dict[str, Any]:
    """The configuration of a tiny architecture, as open_clip has them."""
    return {
        "embed_dim": 32,
        "quick_gelu": True,
        "vision_cfg": {
            "image_size": side,
            "layers": layers,
            "width": width,
            "patch_size": patch,
            "head_width": 16,
        },
        "text_cfg": {
            "context_length": 77,
            "vocab_size": 49408,
            "width": width // 2,
            "heads": 2,
            "layers": layers,
        },
    }


def of_open_clip(
    folder: Path,
    *,
    seed: int = 0,
    side: int = 32,
    patch: int = 8,
    width: int = 32,
    layers: int = 2,
) -> Path:
    """A CLIP model of open_clip, as OpenAI's are published in the safetensors format."""
    import torch
    from open_clip import CLIP
    from safetensors.torch import save_file

    config = open_clip_config(side, patch, width, layers)
    torch.manual_seed(seed)
    model = CLIP(**json.loads(json.dumps(config)))
    folder.mkdir(parents=True)
    document = {
        "model_cfg": config,
        "preprocess_cfg": {
            "mean": OPENAI_MEAN,
            "std": OPENAI_STD,
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }
    (folder / "open_clip_config.json").write_text(json.dumps(document))
    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    return folder


def hps_checkpoint(file: Path, architectures: Path, *, name: str = "tiny-hps") -> str:
    """A checkpoint as HPSv2's is published; returns the name of its architecture.

    open_clip knows the architecture by a folder of configurations.
    """
    import open_clip
    import torch

    architectures.mkdir(parents=True, exist_ok=True)
    (architectures / f"{name}.json").write_text(json.dumps(open_clip_config()))
    open_clip.add_model_config(architectures)
    torch.manual_seed(5)
    model = open_clip.create_model(name)
    torch.save({"epoch": 7, "state_dict": model.state_dict()}, file)
    return name


def aesthetic_head(file: Path, *, width: int = 32, seed: int = 0) -> Path:
    """A head of the aesthetic predictor."""
    import torch

    torch.save({f"layers.{k}": v for k, v in head_layers(width, seed).items()}, file)
    return file


def head_layers(width: int, seed: int) -> dict[str, Any]:
    """The five affine layers, with weights large enough to be seen in the score."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    sizes = {0: (width, 1024), 2: (1024, 128), 4: (128, 64), 6: (64, 16), 7: (16, 1)}
    found = {}
    for number, (inward, outward) in sizes.items():
        layer = nn.Linear(inward, outward)
        found[f"{number}.weight"] = layer.weight.detach() * 2
        found[f"{number}.bias"] = layer.bias.detach()
    return found
