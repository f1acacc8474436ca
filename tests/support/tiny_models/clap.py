"""A tiny CLAP model with random weights."""

from pathlib import Path
from typing import Any


def clap(folder: Path, *, seed: int = 0, is_fused: bool = False) -> Path:
    """A CLAP model of transformers with its processor, as LAION's are published."""
    import torch
    from transformers import (
        ClapConfig,
        ClapFeatureExtractor,
        ClapModel,
        ClapProcessor,
        RobertaTokenizerFast,
    )

    tokenizer: Any = RobertaTokenizerFast(vocab=_vocabulary(), merges=[], model_max_length=64)
    torch.manual_seed(seed)
    config = ClapConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 32,
            "intermediate_size": 37,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "projection_dim": 16,
            "max_position_embeddings": 66,
            "pad_token_id": 1,
        },
        audio_config={
            "spec_size": 64,
            "hidden_size": 128,
            "patch_embeds_hidden_size": 16,
            "depths": [1, 1, 1, 1],
            "num_attention_heads": [2, 2, 2, 2],
            "num_mel_bins": 32,
            "projection_dim": 16,
            "window_size": 2,
            "patch_size": 4,
            "patch_stride": [4, 4],
            "enable_fusion": is_fused,
        },
        projection_dim=16,
    )
    ClapModel(config).eval().save_pretrained(folder)
    features = ClapFeatureExtractor(
        feature_size=32,
        sampling_rate=48_000,
        hop_length=4000,
        fft_window_size=4096,
        truncation="fusion" if is_fused else "rand_trunc",
    )
    ClapProcessor(features, tokenizer).save_pretrained(folder)
    return folder


def _vocabulary() -> dict[str, int]:
    from tokenizers import pre_tokenizers

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    names = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    return {name: number for number, name in enumerate(names)}
