"""A tiny sentence embedding, in the layout of sentence-transformers."""

import json
from pathlib import Path

from tests.support.tiny_models.vision_language import bert_tokenizer


def sentence_encoder(
    folder: Path, *, max_tokens: int = 32, first: bool | None = None, seed: int = 0
) -> Path:
    """Save an encoder; `first` says if its pooling takes the first token, None leaves that out."""
    import torch
    from transformers import BertConfig, BertModel

    tokenizer = bert_tokenizer()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=48, max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": max_tokens}))
    if first is not None:
        (folder / "1_Pooling").mkdir()
        pooling = {"pooling_mode_cls_token": first, "pooling_mode_mean_tokens": not first}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return folder
