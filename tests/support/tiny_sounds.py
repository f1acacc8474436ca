"""Tiny pipelines of sounds with random weights, and LoRAs for them; see `tiny_pipelines`."""

import json
from pathlib import Path
from typing import Any

from tests.support import tiny_pipelines as tiny


def load_prepared(options: str, place: Any) -> Any:
    """Loads as a model host does; a host is a process of its own and has to be prepared too."""
    from engine.models.diffusion.sound_loading import load

    tiny.prepare()
    return load(options, place)


def load_mortal(options: str, place: Any) -> tiny.Mortal:
    """Loads a model that takes its host along in the middle of its second call."""
    return tiny.Mortal(load_prepared(options, place))


MORTAL_LOADER = f"{__name__}:load_mortal"
"""Loader that a test puts in the place of the backend's `LOADER`."""


def stable_audio(window: int = 64) -> Any:
    """Stable Audio Open in small: 44.1 kHz stereo, latents of 2048 samples.

    Args:
        window: Latents of every sound; 1024, of the real model, are 47.55 seconds.
    """
    import torch
    from diffusers import (
        AutoencoderOobleck,
        EDMDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioPipeline,
        StableAudioProjectionModel,
    )

    torch.manual_seed(0)
    transformer = StableAudioDiTModel(
        sample_size=window,
        in_channels=3,
        out_channels=3,
        num_layers=1,
        attention_head_dim=4,
        num_attention_heads=2,
        num_key_value_attention_heads=2,
        cross_attention_dim=4,
        time_proj_dim=8,
        global_states_input_dim=8,
        cross_attention_input_dim=4,
    )
    autoencoder = AutoencoderOobleck(
        encoder_hidden_size=6,
        downsampling_ratios=[8, 16, 16],
        channel_multiples=[1, 1, 2],
        decoder_channels=2,
        decoder_input_channels=3,
        audio_channels=2,
    )
    projection = StableAudioProjectionModel(
        text_encoder_dim=32, conditioning_dim=4, min_value=0, max_value=512
    )
    scheduler = EDMDPMSolverMultistepScheduler(
        solver_order=2,
        prediction_type="v_prediction",
        sigma_data=1.0,
        sigma_schedule="exponential",
    )
    return StableAudioPipeline(
        transformer=transformer,
        vae=autoencoder,
        projection_model=projection,
        scheduler=scheduler,
        text_encoder=tiny.t5(),
        tokenizer=tiny.t5_tokenizer(),
    )


def stable_audio_3(*, is_distilled: bool = True) -> Any:
    """Stable Audio 3 in small: differential attention, latents of 4096 samples.

    Args:
        is_distilled: True for the model whose sampler adds noise in each step.
    """
    import torch
    from diffusers import (
        AutoencoderSAME,
        FlowMatchEulerDiscreteScheduler,
        StableAudio3DiTModel,
        StableAudio3Pipeline,
    )
    from diffusers.pipelines.stable_audio_3.modeling_stable_audio_3 import (
        StableAudio3DurationEmbedder,
    )

    torch.manual_seed(0)
    transformer: Any = StableAudio3DiTModel(
        io_channels=4,
        embed_dim=16,
        depth=1,
        num_heads=2,
        cond_token_dim=16,
        global_cond_dim=16,
        local_add_cond_dim=5,
        timestep_features_dim=8,
        ff_mult=1,
        num_memory_tokens=2,
    )
    autoencoder: Any = AutoencoderSAME(
        patch_size=256,
        encoder_channels=4,
        encoder_c_mults=(2,),
        encoder_strides=(16,),
        encoder_transformer_depths=(1,),
        latent_dim=4,
        dim_heads=8,
        ff_mult=1,
    )
    with torch.no_grad():  # as they are built, many weights are zero
        for parameter in (*autoencoder.parameters(), *transformer.parameters()):
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return StableAudio3Pipeline(
        transformer=transformer,
        vae=autoencoder,
        duration_embedder=StableAudio3DurationEmbedder(output_dim=16, fourier_dim=8, max_val=120),
        text_encoder=_gemma(),
        tokenizer=_gemma_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(stochastic_sampling=is_distilled),
    )


def _gemma_tokenizer() -> Any:
    import string

    from transformers import GemmaTokenizerFast  # type: ignore[attr-defined]

    names = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "\u2581"]
    names += string.ascii_letters + string.digits + string.punctuation
    vocabulary = {name: number for number, name in enumerate(names)}
    return GemmaTokenizerFast(vocab=vocabulary, merges=[], model_max_length=64)


def _gemma() -> Any:
    import torch
    from transformers import T5GemmaConfig, T5GemmaEncoderModel

    torch.manual_seed(0)
    part: dict[str, Any] = {
        "vocab_size": len(_gemma_tokenizer()),
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
    }
    config = T5GemmaConfig(
        encoder=part, decoder=part, is_encoder_decoder=False, vocab_size=part["vocab_size"]
    )
    return T5GemmaEncoderModel(config).eval()


def save_tensors(file: Path, tensors: dict[str, Any], **metadata: Any) -> Path:
    """Saves tensors with metadata, each of its values as JSON; returns the file."""
    from safetensors.torch import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    text = {name: json.dumps(value) for name, value in metadata.items()}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file, text or None)
    return file


def random_update(layer: Any, rank: int, seed: int) -> tuple[Any, Any]:
    """Random `down` and `up` of a layer, as flat matrices."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    outputs = layer.weight.shape[0]
    down = torch.randn(rank, layer.weight.numel() // outputs, generator=generator)
    return down, torch.randn(outputs, rank, generator=generator)
