"""The scorers once more, as plain as their authors publish them: one image after the other.

Nothing here uses the code under test: the libraries' own preprocessing, a loop, the formula.
"""

import math
from pathlib import Path
from typing import Any

from PIL import Image


def pickscore(folder: Path, image: Image.Image, text: str) -> float:
    """The model card of yuvalkirstain/PickScore_v1, with the image processor that it had."""
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    model = AutoModel.from_pretrained(folder).eval()
    pixels = CLIPImageProcessorPil.from_pretrained(folder)(images=[image], return_tensors="pt")
    tokens = AutoTokenizer.from_pretrained(folder)(
        text, padding=True, truncation=True, max_length=77, return_tensors="pt"
    )
    with torch.no_grad():
        seen = model.get_image_features(**pixels).pooler_output
        read = model.get_text_features(**tokens).pooler_output
        seen = seen / torch.norm(seen, dim=-1, keepdim=True)
        read = read / torch.norm(read, dim=-1, keepdim=True)
        return float((model.logit_scale.exp() * (read @ seen.T)[0])[0])


def embedded(folder: Path, image: Image.Image) -> Any:
    """An image's embedding by open_clip, as it comes, not normalised."""
    import open_clip
    import torch

    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    with torch.no_grad():
        return model.eval().encode_image(preprocess(image)[None])


def clipscore(folder: Path, image: Image.Image, text: str) -> float:
    """2.5 * max(cos, 0), with open_clip's own transforms."""
    import open_clip
    import torch

    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokens = open_clip.get_tokenizer(f"local-dir:{folder}")(["A photo depicts " + text])
    with torch.no_grad():
        seen = model.eval().encode_image(preprocess(image)[None])
        read = model.encode_text(tokens)
    return 2.5 * max(float(torch.cosine_similarity(seen, read)[0]), 0.0)


def aesthetic(folder: Path, head: Path, image: Image.Image) -> float:
    """The MLP of christophschuhmann/improved-aesthetic-predictor, built as it is there."""
    import torch
    from torch import nn

    mlp = nn.Sequential(
        nn.Linear(32, 1024),
        nn.Dropout(0.2),
        nn.Linear(1024, 128),
        nn.Dropout(0.2),
        nn.Linear(128, 64),
        nn.Dropout(0.1),
        nn.Linear(64, 16),
        nn.Linear(16, 1),
    ).eval()
    state = torch.load(head, weights_only=True)
    mlp.load_state_dict({name.removeprefix("layers."): value for name, value in state.items()})
    features = embedded(folder, image)
    features = features / features.norm(2, dim=-1, keepdim=True)
    with torch.no_grad():
        return float(mlp(features)[0, 0])


def vqascore(folder: Path, image: Image.Image, prompt: str, word: str = "Yes") -> float:
    """The geometric mean of the answer's probabilities, token by token, for an answer."""
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    processor = AutoProcessor.from_pretrained(folder)
    inputs = processor(images=image, text=prompt, return_tensors="pt")
    encodes = model.config.get_text_config().is_encoder_decoder
    answer = processor.tokenizer(word, add_special_tokens=encodes).input_ids
    product, said = 1.0, [0]  # a decoder of T5 begins with the padding token
    for token in answer:
        more = {"decoder_input_ids": torch.tensor([said])} if encodes else {}
        with torch.no_grad():
            logits = model(**inputs, **more).logits
        product *= float(logits[0, -1].softmax(-1)[token])
        said.append(token)
        if not encodes:
            added = torch.tensor([[token]])
            inputs["input_ids"] = torch.cat([inputs["input_ids"], added], dim=1)
            mask = inputs["attention_mask"]
            inputs["attention_mask"] = torch.cat([mask, torch.ones_like(added)], dim=1)
    return product ** (1 / len(answer))


def hpsv2(file: Path, architecture: str, image: Image.Image, text: str) -> float:
    """The cosine by open_clip, the image padded to a square by torchvision."""
    import open_clip
    import torch
    from torchvision.transforms import InterpolationMode, Normalize
    from torchvision.transforms import functional as transforms

    model = open_clip.create_model(architecture).eval()
    model.load_state_dict(torch.load(file, weights_only=True)["state_dict"])
    scale = 32 / max(image.size)
    height, width = round(image.height * scale), round(image.width * scale)
    small = transforms.resize(image, [height, width], InterpolationMode.BICUBIC)
    down, across = 32 - height, 32 - width
    padding = [across // 2, down // 2, across - across // 2, down - down // 2]
    tensor = transforms.to_tensor(transforms.pad(small, padding, fill=0))
    clip = Normalize((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
    with torch.no_grad():
        seen = model.encode_image(clip(tensor)[None], normalize=True)
        read = model.encode_text(open_clip.get_tokenizer(architecture)([text]), normalize=True)
    return float((seen @ read.T)[0, 0])


def imagereward(file: Path, tokenizer: Path, image: Image.Image, text: str) -> float:
    """BLIP's two encoders written out, with the checkpoint's own names, and the head."""
    import torch
    from torchvision.transforms import CenterCrop, Compose, Normalize, Resize, ToTensor
    from torchvision.transforms import InterpolationMode as Mode
    from transformers import AutoTokenizer

    state = torch.load(file, weights_only=True)
    clip = Normalize((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
    prepare = Compose([Resize(32, interpolation=Mode.BICUBIC), CenterCrop(32), ToTensor(), clip])
    tokens = AutoTokenizer.from_pretrained(tokenizer)(
        text, padding="max_length", truncation=True, max_length=35, return_tensors="pt"
    )
    with torch.no_grad():
        seen = _blip_vision(state, prepare(image)[None])
        read = _blip_text(state, tokens["input_ids"], tokens["attention_mask"], seen)[:, 0]
        for layer in (0, 2, 4, 6, 7):
            weight, bias = (state[f"mlp.layers.{layer}.{part}"] for part in ("weight", "bias"))
            read = read @ weight.T + bias
    return (float(read[0, 0]) - 0.16717362830052426) / 1.0333394966054072


class _Layers:
    """Affine layers and norms of a checkpoint, by name."""

    def __init__(self, state: dict[str, Any], prefix: str, eps: float) -> None:
        self.state, self.prefix, self.eps = state, prefix, eps

    def __getitem__(self, name: str) -> Any:
        return self.state[self.prefix + name]

    def affine(self, name: str, x: Any) -> Any:
        return x @ self[f"{name}.weight"].T + self[f"{name}.bias"]

    def norm(self, name: str, x: Any) -> Any:
        import torch

        weight, bias = self[f"{name}.weight"], self[f"{name}.bias"]
        return torch.nn.functional.layer_norm(x, x.shape[-1:], weight, bias, self.eps)


def _attention(query: Any, key: Any, value: Any, mask: Any = None) -> Any:
    """Heads of 64; shapes (1, n, d)."""
    import torch

    def split(x: Any) -> Any:
        return x.view(1, x.shape[1], -1, 64).transpose(1, 2)

    scores = split(query) @ split(key).transpose(-1, -2) / math.sqrt(64)
    if mask is not None:
        scores = scores.masked_fill(mask[:, None, None, :] == 0, -1e9)
    return (torch.softmax(scores, -1) @ split(value)).transpose(1, 2).flatten(2)


def _blip_vision(state: dict[str, Any], pixels: Any) -> Any:
    import torch
    from torch.nn import functional

    at = _Layers(state, "blip.visual_encoder.", 1e-6)
    patches = functional.conv2d(
        pixels, at["patch_embed.proj.weight"], at["patch_embed.proj.bias"], stride=8
    )
    x = torch.cat([at["cls_token"], patches.flatten(2).transpose(1, 2)], dim=1) + at["pos_embed"]
    for block in ("blocks.0", "blocks.1"):
        triple = at.affine(f"{block}.attn.qkv", at.norm(f"{block}.norm1", x)).chunk(3, dim=-1)
        x = x + at.affine(f"{block}.attn.proj", _attention(*triple))
        inner = functional.gelu(at.affine(f"{block}.mlp.fc1", at.norm(f"{block}.norm2", x)))
        x = x + at.affine(f"{block}.mlp.fc2", inner)
    return at.norm("norm", x)


def _blip_text(state: dict[str, Any], tokens: Any, mask: Any, seen: Any) -> Any:
    from torch.nn import functional

    at = _Layers(state, "blip.text_encoder.", 1e-12)
    places = at["embeddings.position_embeddings.weight"][: tokens.shape[1]]
    x = at.norm("embeddings.LayerNorm", at["embeddings.word_embeddings.weight"][tokens] + places)
    for number in range(2):
        layer = f"encoder.layer.{number}"
        for kind, other, visible in (("attention", None, mask), ("crossattention", seen, None)):
            source = x if other is None else other
            name = f"{layer}.{kind}"
            found = _attention(
                at.affine(f"{name}.self.query", x),
                at.affine(f"{name}.self.key", source),
                at.affine(f"{name}.self.value", source),
                visible,
            )
            x = at.norm(f"{name}.output.LayerNorm", x + at.affine(f"{name}.output.dense", found))
        inner = functional.gelu(at.affine(f"{layer}.intermediate.dense", x))
        x = at.norm(f"{layer}.output.LayerNorm", x + at.affine(f"{layer}.output.dense", inner))
    return x
