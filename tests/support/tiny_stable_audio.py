"""Tiny models of stable-audio-tools with random weights, saved to disk, and LoRAs for them.

They are of the real classes and sampled by the real samplers. Tests with them are skipped where the
packages of Stable Audio are not installed: `python -m pip install --no-deps --requirement
engine/models/sound/requirements.txt`.
"""

import copy
import json
from pathlib import Path
from typing import Any

from tests.support import media_shim, tiny_pipelines

RATE, RATIO = 8_000, 64
"""Sample rate in Hz, and samples per latent, of the tiny models."""

PACKAGES = ("torch", "torchaudio", "stable_audio_tools", "k_diffusion", "trampoline")


def prepare() -> None:
    """Use one thread; called first by every process with these models."""
    media_shim.install()
    tiny_pipelines.prepare()


def load_prepared(options: str, place: Any) -> Any:
    """Loads as a model host does; a host is a process of its own and has to be prepared too."""
    from engine.models.sound.loading import load

    prepare()
    return load(options, place)


LOADER = f"{__name__}:load_prepared"


def config(objective: str = "v", **lora: Any) -> dict[str, Any]:
    """A configuration of a model of 8 kHz stereo; with keywords, that of a LoRA's training."""
    part = {"channels": 4, "c_mults": [1, 2], "strides": [4, 16], "use_snake": True}
    numbers = {"type": "number", "config": {"min_val": 0, "max_val": 512}}
    whole: dict[str, Any] = {
        "model_type": "diffusion_cond",
        "sample_size": 2 * RATE,
        "sample_rate": RATE,
        "audio_channels": 2,
        "model": {
            "pretransform": {
                "type": "autoencoder",
                "iterate_batch": True,
                "config": {
                    "encoder": {
                        "type": "oobleck",
                        "config": {"in_channels": 2, "latent_dim": 8, **part},
                    },
                    "decoder": {
                        "type": "oobleck",
                        "config": {
                            "out_channels": 2,
                            "latent_dim": 4,
                            "final_tanh": False,
                            **part,
                        },
                    },
                    "bottleneck": {"type": "vae"},
                    "latent_dim": 4,
                    "downsampling_ratio": RATIO,
                    "io_channels": 2,
                },
            },
            "conditioning": {
                "configs": [
                    {
                        "id": "prompt",
                        "type": "t5",
                        "config": {"t5_model_name": "t5-base", "max_length": 16},
                    },
                    {"id": "seconds_start", **numbers},
                    {"id": "seconds_total", **numbers},
                ],
                "cond_dim": 32,
            },
            "diffusion": {
                "cross_attention_cond_ids": ["prompt", "seconds_start", "seconds_total"],
                "global_cond_ids": ["seconds_start", "seconds_total"],
                "type": "dit",
                "diffusion_objective": objective,
                "config": {
                    "io_channels": 4,
                    "embed_dim": 64,
                    "depth": 2,
                    "num_heads": 2,
                    "cond_token_dim": 32,
                    "global_cond_dim": 64,
                    "project_cond_tokens": False,
                    "transformer_type": "continuous_transformer",
                },
            },
            "io_channels": 4,
        },
        "training": {"pre_encoded": False},
    }
    if lora:
        whole["lora"] = {"component_whitelist": ["transformer"], "dropout": 0, **lora}
    return copy.deepcopy(whole)


def save_text(folder: Path) -> Path:
    """Save a tiny T5 encoder with its tokenizer."""
    tiny_pipelines.t5().save_pretrained(folder)
    tiny_pipelines.t5_tokenizer().save_pretrained(folder)
    return folder


def built(objective: str, text: Path, seed: int = 0) -> Any:
    """A model with random weights, as the library itself builds one."""
    import torch

    from engine.models.sound import library

    library.tools()
    from stable_audio_tools import create_model_from_config
    from stable_audio_tools.models.conditioners import T5Conditioner

    wanted, name = config(objective), str(text)
    wanted["model"]["conditioning"]["configs"][0]["config"]["t5_model_name"] = name
    if name not in T5Conditioner.T5_MODELS:
        T5Conditioner.T5_MODELS.append(name)
    T5Conditioner.T5_MODEL_DIMS[name] = 32
    torch.manual_seed(seed)
    with library.quiet():
        model = create_model_from_config(wanted).eval().requires_grad_(requires_grad=False)
    for parameter in model.model.parameters():  # some are zero at first, and would hide others
        if not parameter.abs().sum():
            torch.nn.init.normal_(parameter, std=0.02)
    return model


def save(folder: Path, text: Path, objective: str = "v") -> Path:
    """Save a model as those on the hub are saved."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    tensors = built(objective, text).state_dict()
    (folder / "model_config.json").write_text(json.dumps(config(objective)))
    copies = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(copies, str(folder / "model.safetensors"))
    return folder


def lora_tensors(model: Any, rank: int = 4, seed: int = 1) -> dict[str, Any]:
    """A LoRA with random weights for all linear layers of a transformer, in LoRAW's layout."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, Any] = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and "transformer" in name.split("."):
            key, narrow = name.replace(".", "/"), min(rank, module.in_features, module.out_features)
            down = torch.randn(narrow, module.in_features, generator=generator)
            up = torch.randn(module.out_features, narrow, generator=generator)
            tensors[f"{key}/lora_down.weight"] = down * 0.1
            tensors[f"{key}/lora_up.weight"] = up * 0.1
    return tensors
