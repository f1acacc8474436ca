"""Tiny diffusion pipelines with random weights, built from configurations and saved to disk.

They are of the real classes, so the code that loads and runs real models loads and runs them, in
fractions of a second on a processor. Torch is imported where it is used.
"""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.contract import BatchReporter
from tests.support import media_shim

SIDE = 64
"""Side of the images that tests make, in pixels."""


def prepare() -> None:
    """Quiet the libraries and use one thread; called first by every process with these models."""
    media_shim.install()
    import diffusers
    import torch
    import transformers

    torch.set_num_threads(1)
    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()


def load_prepared(options: str, place: Any) -> Any:
    """Loads as a model host does; a host is a process of its own and has to be prepared too."""
    from engine.models.diffusion.loading import load

    prepare()
    return load(options, place)


class Mortal:
    """A loaded model that takes its host along in the middle of its second call."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def run(self, operation: str, payloads: Sequence[Any], reporter: BatchReporter) -> Any:
        self._calls += 1
        return self._model.run(operation, payloads, self if self._calls == 2 else reporter)

    def progress(self, task: int, fraction: float | None, message: str = "") -> None:
        if fraction is not None and fraction >= 0.5:
            os.kill(os.getpid(), signal.SIGKILL)

    def preview(self, task: int, image: bytes) -> None:
        pass

    def is_given_up(self, task: int) -> bool:
        return False


def load_mortal(options: str, place: Any) -> Mortal:
    """Loads a model that will die."""
    return Mortal(load_prepared(options, place))


LOADER, MORTAL_LOADER = f"{__name__}:load_prepared", f"{__name__}:load_mortal"
"""Loader that a test puts in the place of the backend's `LOADER`."""


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


def sdxl() -> Any:
    """SDXL base in small."""
    from diffusers import StableDiffusionXLPipeline

    return StableDiffusionXLPipeline(
        vae=vae(),
        text_encoder=clip_text(),
        text_encoder_2=clip_text(projected=True),
        tokenizer=clip_tokenizer(),
        tokenizer_2=clip_tokenizer(),
        unet=_xl_unet(text_width=64, numbers=6),
        scheduler=_euler(),
        add_watermarker=False,
    )


def refiner() -> Any:
    """The SDXL refiner in small: one text encoder, and an aesthetic score as input."""
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


def flux() -> Any:
    """Flux in small: a transformer over packed latents, flow matching, embedded guidance."""
    import torch
    from diffusers import (
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        FluxPipeline,
        FluxTransformer2DModel,
    )

    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        axes_dims_rope=[4, 4, 8],
    )
    narrow = AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        latent_channels=1,
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        use_quant_conv=False,
        use_post_quant_conv=False,
        shift_factor=0.0609,
        scaling_factor=1.5035,
    )
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=narrow,
        text_encoder=clip_text(),
        tokenizer=clip_tokenizer(),
        text_encoder_2=t5(),
        tokenizer_2=t5_tokenizer(),
        transformer=transformer,
    )


def t5_tokenizer() -> Any:
    """A T5 tokenizer of single characters."""
    import string

    from transformers import T5TokenizerFast  # type: ignore[attr-defined]

    signs = string.ascii_letters + string.digits + string.punctuation
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0)]
    vocabulary += [(sign, -3.0) for sign in signs]
    vocabulary += [(f"<extra_id_{number}>", 0.0) for number in range(99, -1, -1)]
    return T5TokenizerFast(vocab=vocabulary, model_max_length=64)


def t5() -> Any:
    """A T5 text encoder of 32 channels."""
    import torch
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(t5_tokenizer()),
        d_model=32,
        d_kv=8,
        d_ff=37,
        num_layers=2,
        num_heads=4,
        is_encoder_decoder=False,
    )
    return T5EncoderModel(config).eval()


def _xl_unet(*, text_width: int, numbers: int) -> Any:
    """A denoiser with `numbers` numbers of 8 channels each as input, beside the text's 32."""
    return _unet(
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=numbers * 8 + 32,
        cross_attention_dim=text_width,
    )


def saved(build: Callable[[], Any], folder: Path) -> Path:
    """The folder of a pipeline, which is built and saved there unless it is there already."""
    if not (folder / "model_index.json").exists():
        build().save_pretrained(folder)
    return folder
