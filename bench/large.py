"""SDXL base in its full size with random weights: 2.57 billion parameters in the denoiser.

The configurations are those of stabilityai/stable-diffusion-xl-base-1.0. Only the tokenizers are
small ones, since their vocabularies cannot be invented.
"""

from pathlib import Path
from typing import Any

_UNET: dict[str, Any] = {
    "sample_size": 128,
    "in_channels": 4,
    "out_channels": 4,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2,
    "cross_attention_dim": 2048,
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
_VAE: dict[str, Any] = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "sample_size": 1024,
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "scaling_factor": 0.13025,
    "force_upcast": False,  # bfloat16 does not overflow
}
_CLIP_L: dict[str, Any] = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
    "hidden_act": "quick_gelu",
}
_CLIP_BIG_G: dict[str, Any] = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
    "hidden_act": "gelu",
}
_VOCABULARY = 49408


def save_sdxl(folder: Path) -> None:
    """Builds it in bfloat16, on an accelerator where there is one, and saves it: 7 GB."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_default_dtype(torch.bfloat16)
    torch.manual_seed(0)
    try:
        with torch.device(device):
            parts = sdxl_parts()
    finally:
        torch.set_default_dtype(torch.float32)
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    from tests.support.tiny_pipelines import clip_tokenizer

    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        steps_offset=1,
        timestep_spacing="leading",
    )
    pipe: Any = StableDiffusionXLPipeline(
        **parts,
        tokenizer=clip_tokenizer(),
        tokenizer_2=clip_tokenizer(),
        scheduler=scheduler,
        add_watermarker=False,
    )
    pipe.save_pretrained(folder)


def sdxl_parts() -> dict[str, Any]:
    """The modules, on torch's default device and of its default type."""
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    from tests.support.tiny_pipelines import clip_tokenizer

    size = len(clip_tokenizer())
    words: dict[str, Any] = {
        "vocab_size": _VOCABULARY,
        "max_position_embeddings": 77,
        "bos_token_id": size - 2,
        "eos_token_id": size - 1,
        "pad_token_id": size - 1,
    }
    library: Any = diffusers
    return {
        "unet": library.UNet2DConditionModel(**_UNET).eval(),
        "vae": library.AutoencoderKL(**_VAE).eval(),
        "text_encoder": CLIPTextModel(CLIPTextConfig(**words, **_CLIP_L)).eval(),
        "text_encoder_2": CLIPTextModelWithProjection(
            CLIPTextConfig(**words, **_CLIP_BIG_G)
        ).eval(),
    }
