"""Tiny pipelines of clips with random weights; see `tiny_pipelines`."""

from typing import Any

from tests.support import tiny_pipelines as tiny


def load_prepared(options: str, place: Any) -> Any:
    """Loads as a model host does; a host is a process of its own and has to be prepared too."""
    from engine.models.diffusion.video_loading import load

    tiny.prepare()
    return load(options, place)


LOADER = f"{__name__}:load_prepared"
"""Loader that a test puts in the place of the backend's `LOADER`."""


def ltx() -> Any:
    """LTX-Video in small: 4 pixels to one on a side, 4 frames to one."""
    import torch
    from diffusers import (
        AutoencoderKLLTXVideo,
        FlowMatchEulerDiscreteScheduler,
        LTXPipeline,
        LTXVideoTransformer3DModel,
    )

    torch.manual_seed(0)
    transformer = LTXVideoTransformer3DModel(
        in_channels=8,
        out_channels=8,
        patch_size=1,
        patch_size_t=1,
        num_attention_heads=4,
        attention_head_dim=8,
        cross_attention_dim=32,
        num_layers=1,
        caption_channels=32,
    )
    widths, ones = (8, 8, 8, 8), (1, 1, 1, 1, 1)
    autoencoder = AutoencoderKLLTXVideo(
        in_channels=3,
        out_channels=3,
        latent_channels=8,
        block_out_channels=widths,
        decoder_block_out_channels=widths,
        layers_per_block=ones,
        decoder_layers_per_block=ones,
        spatio_temporal_scaling=(True, True, False, False),
        decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False,) * 5,
        upsample_residual=(False,) * 4,
        upsample_factor=(1,) * 4,
        timestep_conditioning=False,
        patch_size=1,
        patch_size_t=1,
        encoder_causal=True,
        decoder_causal=False,
    )
    return LTXPipeline(
        transformer=transformer,
        vae=autoencoder,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=tiny.t5(),
        tokenizer=tiny.t5_tokenizer(),
    )
