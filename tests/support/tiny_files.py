"""Files beside a tiny pipeline: LoRAs, an IP-Adapter, the weights as a single file."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.tiny_pipelines import sd15, sdxl


def save_lora(folder: Path, build: Callable[[], Any] = sdxl, *, seed: int = 1) -> Path:
    """Saves a random LoRA of a pipeline's denoiser in the layout of peft; returns its file."""
    import torch
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    pipe = build()
    torch.manual_seed(seed)
    layers = ["to_q", "to_k", "to_v", "to_out.0"]
    config = LoraConfig(r=4, lora_alpha=4, target_modules=layers, init_lora_weights=False)
    pipe.unet.add_adapter(config, adapter_name="source")
    state = get_peft_model_state_dict(pipe.unet, adapter_name="source")
    type(pipe).save_lora_weights(folder, unet_lora_layers=state)
    return folder / "pytorch_lora_weights.safetensors"


def save_ip_adapter(folder: Path, *, text_width: int = 64) -> Path:
    """Saves a random IP-Adapter with its image encoder, in the layout of `h94/IP-Adapter`.

    Args:
        folder: Gets `models/ip.safetensors` and `models/image_encoder`.
        text_width: Width of the denoiser's cross-attention: 64 for `sdxl`, 32 for `sd15`.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(3)
    vision = CLIPVisionConfig(
        hidden_size=32,
        projection_dim=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=32,
        intermediate_size=37,
        patch_size=8,
    )
    CLIPVisionModelWithProjection(vision).save_pretrained(folder / "models/image_encoder")
    pipe = sdxl() if text_width == 64 else sd15()
    tokens = 4
    state = {
        "image_proj.proj.weight": torch.randn(tokens * text_width, 32) * 0.3,
        "image_proj.proj.bias": torch.zeros(tokens * text_width),
        "image_proj.norm.weight": torch.ones(text_width),
        "image_proj.norm.bias": torch.zeros(text_width),
    }
    crossed = [name for name in pipe.unet.attn_processors if "attn2" in name]
    for number, name in enumerate(crossed):
        attention = pipe.unet.get_submodule(name.removesuffix(".processor"))
        for part in ("k", "v"):
            key = f"ip_adapter.{2 * number + 1}.to_{part}_ip.weight"
            state[key] = torch.randn(attention.inner_dim, text_width) * 0.3
    save_file(state, folder / "models/ip.safetensors")
    return folder


def save_single_file(pipe: Any, file: Path) -> Path:
    """Saves the weights of `sd15` as one file with the names of the published checkpoints.

    The names are those of latent diffusion's own code; configuration stays in the model's folder.
    """
    from safetensors.torch import save_file

    state: dict[str, Any] = {}
    for name, tensor in pipe.unet.state_dict().items():
        state[f"model.diffusion_model.{_renamed(name, _UNET_NAMES)}"] = tensor
    for name, tensor in pipe.vae.state_dict().items():
        published = _renamed(name, _VAE_NAMES)
        is_projection = ".attn_1." in published and tensor.ndim == 2 and "norm" not in published
        state[f"first_stage_model.{published}"] = (
            tensor[:, :, None, None] if is_projection else tensor
        )
    for name, tensor in pipe.text_encoder.state_dict().items():
        published = f"text_model.{name.removeprefix('text_model.')}"
        state[f"cond_stage_model.transformer.{published}"] = tensor
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, file)
    return file


_RESNET = (
    (r"norm1", "in_layers.0"),
    (r"conv1", "in_layers.2"),
    (r"time_emb_proj", "emb_layers.1"),
    (r"norm2", "out_layers.0"),
    (r"conv2", "out_layers.3"),
    (r"conv_shortcut", "skip_connection"),
)
_UNET_NAMES: tuple[tuple[str, Any], ...] = (
    *((rf"(resnets\.\d+)\.{ours}", rf"\1.{theirs}") for ours, theirs in _RESNET),
    (r"^time_embedding\.linear_1", "time_embed.0"),
    (r"^time_embedding\.linear_2", "time_embed.2"),
    (r"^conv_in", "input_blocks.0.0"),
    (r"^conv_norm_out", "out.0"),
    (r"^conv_out", "out.2"),
    (r"^mid_block\.resnets\.0", "middle_block.0"),
    (r"^mid_block\.attentions\.0", "middle_block.1"),
    (r"^mid_block\.resnets\.1", "middle_block.2"),
    (
        r"^down_blocks\.(\d)\.(resnets|attentions)\.(\d)",
        lambda m: f"input_blocks.{3 * int(m[1]) + int(m[3]) + 1}.{int(m[2] == 'attentions')}",
    ),
    (
        r"^down_blocks\.(\d)\.downsamplers\.0\.conv",
        lambda m: f"input_blocks.{3 * int(m[1]) + 3}.0.op",
    ),
    (
        r"^up_blocks\.(\d)\.(resnets|attentions)\.(\d)",
        lambda m: f"output_blocks.{3 * int(m[1]) + int(m[3])}.{int(m[2] == 'attentions')}",
    ),
    (
        r"^up_blocks\.0\.upsamplers\.0",
        "output_blocks.2.2",  # the first of two levels, which has attention
    ),
)
_VAE_NAMES: tuple[tuple[str, Any], ...] = (
    (r"conv_shortcut", "nin_shortcut"),
    (r"conv_norm_out", "norm_out"),
    (r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}"),
    (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"),
    (r"mid_block\.attentions\.0\.to_out\.0", "mid.attn_1.proj_out"),
    (r"mid_block\.attentions\.0\.to_([qkv])", r"mid.attn_1.\1"),
    (r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2"),
    (r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample"),
    (r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{3 - int(m[1])}.block.{m[2]}"),
    (r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{3 - int(m[1])}.upsample"),
)
"""From the names of diffusers to those of latent diffusion, one after the other."""


def _renamed(name: str, names: tuple[tuple[str, Any], ...]) -> str:
    for pattern, replacement in names:
        name = re.sub(pattern, replacement, name)
    return name
