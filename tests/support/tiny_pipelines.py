"""Tiny diffusion pipelines with random weights, built from configurations and saved to disk.

They are of the real classes, so the code that loads and runs real models loads and runs them, in
fractions of a second on a processor. Torch is imported where it is used.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import media_shim

SIDE = 64
"""Side of the pictures that tests make, in pixels."""


def prepare() -> None:
    """What every process that runs these models does first: quiet, and one thread."""
    media_shim.install()
    import diffusers
    import torch
    import transformers

    torch.set_num_threads(1)
    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()


# -- parts ------------------------------------------------------------------------------------


def clip_tokenizer() -> Any:
    """A CLIP tokenizer of single bytes."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    characters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*characters, *(c + "</w>" for c in characters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def clip_text(projected: bool = False) -> Any:
    """A CLIP text encoder of 32 channels."""
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    size = len(clip_tokenizer())
    torch.manual_seed(0)
    config = CLIPTextConfig(
        bos_token_id=size - 2,
        eos_token_id=size - 1,
        pad_token_id=size - 1,
        hidden_size=32,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        vocab_size=size,
        projection_dim=32,
        max_position_embeddings=77,
        hidden_act="gelu",
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


def vae(seed: int = 0) -> Any:
    """A VAE of eight pixels to one, on a side, as the large ones are."""
    import torch
    from diffusers import AutoencoderKL

    torch.manual_seed(seed)
    widths = (32, 32, 32, 32)
    return AutoencoderKL(
        block_out_channels=widths,
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        down_block_types=["DownEncoderBlock2D"] * len(widths),
        up_block_types=["UpDecoderBlock2D"] * len(widths),
        sample_size=128,
    )


def _unet(**changes: Any) -> Any:
    import torch
    from diffusers import UNet2DConditionModel

    torch.manual_seed(0)
    config: dict[str, Any] = {
        "block_out_channels": (32, 64),
        "layers_per_block": 2,
        "sample_size": 32,
        "in_channels": 4,
        "out_channels": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 32,
    }
    return UNet2DConditionModel(**{**config, **changes})


def _euler() -> Any:
    from diffusers import EulerDiscreteScheduler

    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        steps_offset=1,
        beta_schedule="scaled_linear",
        timestep_spacing="leading",
    )


# -- pipelines --------------------------------------------------------------------------------


def sd15() -> Any:
    """Stable Diffusion 1.5 in small, without a safety checker."""
    from diffusers import PNDMScheduler, StableDiffusionPipeline

    return StableDiffusionPipeline(
        unet=_unet(),
        vae=vae(),
        text_encoder=clip_text(),
        tokenizer=clip_tokenizer(),
        scheduler=PNDMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            skip_prk_steps=True,
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def sdxl(widths: tuple[int, ...] = (32, 64)) -> Any:
    """SDXL base in small.

    Args:
        widths: Channels of the denoiser's two levels: more make it slower.
    """
    from diffusers import StableDiffusionXLPipeline

    return StableDiffusionXLPipeline(
        vae=vae(),
        text_encoder=clip_text(),
        text_encoder_2=clip_text(projected=True),
        tokenizer=clip_tokenizer(),
        tokenizer_2=clip_tokenizer(),
        unet=_xl_unet(text_width=64, numbers=6, block_out_channels=widths),
        scheduler=_euler(),
        add_watermarker=False,
    )


def refiner() -> Any:
    """The SDXL refiner in small: one text encoder, and it is told an aesthetic score."""
    from diffusers import StableDiffusionXLImg2ImgPipeline

    return StableDiffusionXLImg2ImgPipeline(
        vae=vae(),
        text_encoder=None,
        text_encoder_2=clip_text(projected=True),
        tokenizer=None,
        tokenizer_2=clip_tokenizer(),
        unet=_xl_unet(text_width=32, numbers=5),
        scheduler=_euler(),
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )


def _xl_unet(*, text_width: int, numbers: int, **changes: Any) -> Any:
    """A denoiser that is told `numbers` numbers of 8 channels each beside the text's 32."""
    return _unet(
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=numbers * 8 + 32,
        cross_attention_dim=text_width,
        **changes,
    )


def saved(build: Callable[[], Any], folder: Path) -> Path:
    """The folder of a pipeline, which is built and saved there unless it is there already."""
    if not (folder / "model_index.json").exists():
        build().save_pretrained(folder)
    return folder


# -- what is loaded beside a pipeline ---------------------------------------------------------


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
    """Saves the weights of `sd15` as one file; its configuration stays in its folder.

    The text encoder has the names of the published checkpoints, denoiser and VAE have their own
    ones, which diffusers takes as they are.
    """
    from safetensors.torch import save_file

    state: dict[str, Any] = {**pipe.unet.state_dict(), **pipe.vae.state_dict()}
    for name, tensor in pipe.text_encoder.state_dict().items():
        published = f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}"
        state[published] = tensor
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, file)
    return file
