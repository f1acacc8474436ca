"""Tiny models that read images and texts: LLaVA (decodes only), BLIP-2 and InstructBLIP (T5)."""

import string
from pathlib import Path
from typing import Any

CHAT_TEMPLATE = (
    "{% for m in messages %}{% for c in m['content'] %}"
    "{% if c['type']=='image' %}<image>{% else %}{{c['text']}}{% endif %}"
    "{% endfor %}{% endfor %}"
)


def llava(
    folder: Path, *, side: int = 32, patch: int = 8, width: int = 32, layers: int = 2
) -> Path:
    """A LLaVA with a chat template."""
    import torch
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = _byte_tokenizer()
    torch.manual_seed(3)
    model = LlavaForConditionalGeneration(
        LlavaConfig(  # type: ignore[call-arg]
            vision_config=CLIPVisionConfig(
                **_sizes(width, layers), image_size=side, patch_size=patch, projection_dim=16
            ),
            text_config=LlamaConfig(
                **_sizes(width, layers),
                vocab_size=len(tokenizer),
                num_key_value_heads=4,
                max_position_embeddings=2048,
                pad_token_id=0,
            ),
            image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        )
    )
    _enlivened(model).save_pretrained(folder)
    LlavaProcessor(
        image_processor=CLIPImageProcessor(
            size={"shortest_edge": side}, crop_size={"height": side, "width": side}
        ),
        tokenizer=tokenizer,
        patch_size=patch,
        vision_feature_select_strategy="default",
        image_token="<image>",
        num_additional_image_tokens=1,
        chat_template=CHAT_TEMPLATE,
    ).save_pretrained(folder)
    return folder


def blip2(folder: Path) -> Path:
    """A BLIP-2 over T5."""
    import torch
    from transformers import (
        Blip2Config,
        Blip2ForConditionalGeneration,
        Blip2Processor,
        Blip2QFormerConfig,
        Blip2VisionConfig,
    )

    tokenizer = t5_tokenizer()
    torch.manual_seed(4)
    model = Blip2ForConditionalGeneration(
        Blip2Config(
            vision_config=Blip2VisionConfig(**_sizes(32, 2), image_size=32, patch_size=8),
            qformer_config=Blip2QFormerConfig(**_sizes(32, 2), encoder_hidden_size=32),
            text_config=_t5_config(tokenizer),
            num_query_tokens=4,
            image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        )
    )
    _enlivened(model).save_pretrained(folder)
    Blip2Processor(_image_processor(), tokenizer, num_query_tokens=4).save_pretrained(folder)
    return folder


def instructblip(folder: Path) -> Path:
    """An InstructBLIP over T5, whose Q-Former reads the question as well."""
    import torch
    from transformers import (
        InstructBlipConfig,
        InstructBlipForConditionalGeneration,
        InstructBlipProcessor,
        InstructBlipQFormerConfig,
        InstructBlipVisionConfig,
    )

    tokenizer, reader = t5_tokenizer(), bert_tokenizer()
    torch.manual_seed(6)
    model = InstructBlipForConditionalGeneration(
        InstructBlipConfig(
            vision_config=InstructBlipVisionConfig(**_sizes(32, 2), image_size=32, patch_size=8),
            qformer_config=InstructBlipQFormerConfig(
                **_sizes(32, 2),
                encoder_hidden_size=32,
                vocab_size=len(reader),
                max_position_embeddings=256,
            ),
            text_config=_t5_config(tokenizer),
            num_query_tokens=4,
            image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        )
    )
    _enlivened(model).save_pretrained(folder)
    processor = InstructBlipProcessor(_image_processor(), tokenizer, reader, num_query_tokens=4)
    processor.save_pretrained(folder)
    return folder


def bert_tokenizer() -> Any:
    """BERT's tokenizer over letters."""
    from transformers import BertTokenizer

    signs = [*string.ascii_lowercase, *string.digits, *'?.,"']
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *signs, *("##" + s for s in signs)]
    return BertTokenizer(vocab={word: n for n, word in enumerate(words)}, model_max_length=512)


def t5_tokenizer() -> Any:
    """T5's tokenizer over letters, with the image's token."""
    from transformers import T5TokenizerFast  # type: ignore[attr-defined]

    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    words += [(s, -3.0) for s in string.ascii_letters + string.digits + string.punctuation]
    tokenizer = T5TokenizerFast(vocab=words, model_max_length=512, extra_ids=0)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    return tokenizer


def _t5_config(tokenizer: Any) -> Any:
    from transformers import T5Config

    return T5Config(  # type: ignore[call-arg]
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=0,
    )


def _enlivened(model: Any) -> Any:
    """Weights so large that what a model sees and reads shows in what it says."""
    import torch

    for name, parameter in model.named_parameters():
        if "norm" not in name.lower():
            torch.nn.init.normal_(parameter.data, std=0.25)
    return model


def _image_processor() -> Any:
    from transformers import BlipImageProcessor

    return BlipImageProcessor(size={"height": 32, "width": 32})


def _sizes(width: int, layers: int) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
    }


def _byte_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<s>", "</s>", "<unk>", "<image>", "Yes", "No"]
    words = special + sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(
        models.BPE(vocab={word: n for n, word in enumerate(words)}, merges=[], unk_token="<unk>")
    )
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=["<image>", "Yes", "No"],
    )
